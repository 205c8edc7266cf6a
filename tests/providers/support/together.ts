import { StoreError, VersionError } from "evtstore";
import assert from "node:assert/strict";
import type { Provider } from "../../../core/provider.ts";
import type { StoreEvent } from "../../../core/event.ts";

/** Appends events that can be told apart to an aggregate of stream "s". */
export function appendNumbered(
  provider: Provider<any, any>,
  id: string,
  { version = 1, note = "", count = 1, commandId = "" }: {
    version?: number;
    note?: string;
    count?: number;
    commandId?: string;
  } = {},
): Promise<StoreEvent<any>[]> {
  const events = provider.createEvents(
    "s",
    id,
    version,
    Array.from({ length: count }, (_, n) => ({ type: "Written", note, n })),
  );
  const options = commandId ? { commandId } : {};
  return provider.append("s", id, version, events, options);
}

/** All at the same time, behind one that is under way already. */
export async function together<T>(
  provider: Provider<any, any>,
  work: () => Promise<T>[],
): Promise<PromiseSettledResult<T>[]> {
  const first = appendNumbered(provider, crypto.randomUUID());
  const results = await Promise.allSettled(work());
  await first;
  return results;
}

/** Forty appends of one to three events each, to aggregates of their own. */
export function appendForty(
  provider: Provider<any, any>,
): Promise<StoreEvent<any>[]>[] {
  return Array.from(
    { length: 40 },
    (_, n) =>
      appendNumbered(provider, `a${n}`, { count: 1 + n % 3, note: `of a${n}` }),
  );
}

/** Each caller of {@linkcode appendForty} got the positions of its own events. */
export async function checkForty(
  provider: Provider<any, any>,
  results: PromiseSettledResult<StoreEvent<any>[]>[],
): Promise<void> {
  for (let n = 0; n < 40; n++) {
    const result = results[n]!;
    assert(result.status === "fulfilled");
    const stored = await provider.getEventsFor("s", `a${n}`);
    assert.deepEqual(result.value, stored);
    assert.equal(stored.length, 1 + n % 3);
    for (const [index, { version, position, event }] of stored.entries()) {
      assert.equal(version, index + 1);
      assert.equal(event.n, index);
      assert.equal(event.note, `of a${n}`);
      if (index > 0) assert(position > stored[index - 1]!.position);
    }
  }
}

/**
 * 32 callers race on five aggregates until each has won some rounds: winners
 * are events, losers get VersionError.
 *
 * @param versionsOf The versions of an aggregate's rows, in their order.
 */
export async function checkRace(
  provider: Provider<any, any>,
  rounds: number,
  versionsOf: (id: string) => Promise<number[]>,
): Promise<void> {
  const wins = new Map<string, number>();
  let losses = 0;
  await Promise.all(
    Array.from({ length: 32 }, async (_, caller) => {
      const id = `raced ${caller % 5}`;
      for (let won = 0; won < rounds;) {
        const known = await provider.getEventsFor("s", id);
        const version = known.length + 1;
        const count = 1 + caller % 2;
        try {
          await appendNumbered(provider, id, { version, count });
          wins.set(id, (wins.get(id) ?? 0) + count);
          won++;
        } catch (error) {
          assert(error instanceof VersionError);
          assert.equal(error.aggregateId, id);
          assert.equal(error.expectedVersion, version - 1);
          assert(error.actualVersion! > version - 1);
          losses++;
        }
      }
    }),
  );
  assert(losses > 0);
  for (const [id, events] of wins) {
    assert.deepEqual(
      await versionsOf(id),
      Array.from({ length: events }, (_, index) => index + 1),
    );
  }
}

/** Ten appends together, of which the last one is noted as slow. */
export function appendTen(
  provider: Provider<any, any>,
): Promise<StoreEvent<any>[]>[] {
  return Array.from(
    { length: 10 },
    (_, n) =>
      appendNumbered(provider, `a${n}`, { note: n === 9 ? "slow" : "" }),
  );
}

/** Each caller of {@linkcode appendTen} was told, for itself, that it is unknown. */
export function checkUnknown(results: PromiseSettledResult<unknown>[]): void {
  for (const [n, result] of results.entries()) {
    assert(result.status === "rejected");
    assert(result.reason instanceof StoreError);
    assert.equal(result.reason.code, "OUTCOME_UNKNOWN");
    assert.equal(result.reason.aggregateId, `a${n}`);
  }
}

/** Of twenty appends together, the one that is noted as bad failed alone. */
export async function checkRefusedAlone(
  provider: Provider<any, any>,
  characters: number,
): Promise<void> {
  const results = await together(
    provider,
    () =>
      Array.from({ length: 20 }, (_, n) =>
        appendNumbered(provider, `a${n}`, {
          count: 2,
          note: n === 7 ? "bad" : "x".repeat(n * characters),
        })),
  );
  for (const [n, result] of results.entries()) {
    const stored = await provider.getEventsFor("s", `a${n}`);
    if (n !== 7) {
      assert.equal(result.status, "fulfilled");
      assert.equal(stored.length, 2);
      assert.equal(stored[1]!.event.note.length, n * characters);
      continue;
    }
    assert(result.status === "rejected");
    assert(result.reason instanceof StoreError);
    assert.equal(result.reason.code, "STORE_FAILED");
    assert.match(result.reason.message, /refused by the trigger/);
    assert.equal(result.reason.aggregateId, "a7");
    assert.equal(stored.length, 0);
  }
}
