import type { Provider } from "evtstore";
import assert from "node:assert/strict";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { Random } from "../simulation/random.ts";
import { expectInOrder, modes } from "./modes.ts";
import { setUp } from "./set_up.ts";
import { watched } from "./watched.ts";

const rounds = process.env.EVTSTORE_LONG ? 500 : 25;

for (const { name, options, change } of modes) {
  test(`${name}: handlers and replays of several processes, interleaved at random`, async () => {
    for (let seed = 1; seed <= rounds; seed++) {
      await race(seed, options, change);
    }
  });
}

/** Two handlers at work, a discard and two replays, at once. */
async function race(
  seed: number,
  options: Partial<EventHandlerOptions>,
  change: (provider: Provider<any>) => Provider<any>,
): Promise<void> {
  const random = new Random(seed);
  const waiting: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve));
  const { append, bad, seen, handler, create, provider } = setUp(
    options,
    change,
  );
  const process = () =>
    create({
      provider: watched(provider, async (_name, call) => {
        await turn();
        const answer = await call();
        await turn();
        return answer;
      }),
    });
  // What loses a race is told so, and may try again: that is no failure here.
  const often = async (work: () => Promise<unknown>) => {
    for (let count = 0; count < 4; count++) await work().catch(() => {});
  };
  bad.add("x2").add("y1");
  await append("xyxyxx");
  const [left, right, third, fourth] = [
    ...[process(), process(), process(), process()],
  ] as const;
  let busy = true;
  const all = Promise.all([
    often(() => left.runOnce()),
    often(() => right.runOnce()),
    (async () => {
      await often(() => third.parked());
      bad.clear();
      await often(() => third.replay({ aggregateId: "x" }));
    })(),
    often(() => fourth.replay({ aggregateId: "x" })),
    (async () => {
      for (const id of "xyxxy") {
        await turn();
        await append(id);
      }
    })(),
  ]).finally(() => busy = false);
  while (busy) {
    await setImmediate();
    if (waiting.length === 0) continue;
    waiting.splice(random.whole(0, waiting.length - 1), 1)[0]!();
  }
  await all;
  await handler.runOnce();
  for (const one of await handler.parked()) await handler.replay(one);
  assert.deepEqual(await handler.parked(), [], `seed ${seed}`);
  try {
    expectInOrder(seen, { x: 7, y: 4 }, options.transactional ?? false);
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
}
