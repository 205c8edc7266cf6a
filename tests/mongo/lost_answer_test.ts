import assert from "node:assert/strict";
import { createProvider } from "../../providers/mongo.ts";
import { appendTo, onMongo, open, overriding } from "./support.ts";

class MongoNetworkError extends Error {
  override name = "MongoNetworkError";
  hasErrorLabel(): boolean {
    return false;
  }
}

/** The collection for a writer whose next answers are lost on the way. */
function losingAnswers(
  events: any,
): { events: any; lose(count: number): void } {
  let left = 0;
  const lost = async <T>(work: Promise<T>): Promise<T> => {
    const answer = await work;
    if (left === 0) return answer;
    left--;
    throw new MongoNetworkError("the answer was lost");
  };
  const database = events.db;
  const db = overriding(database, {
    command: (document: any, options: any) => {
      const answer = database.command(document, options);
      return document.insert && !options.session ? lost(answer) : answer;
    },
    client: overriding(database.client, {
      startSession: (options: any) => {
        const session = database.client.startSession(options);
        const commit = session.commitTransaction.bind(session);
        session.commitTransaction = () => lost(commit());
        return session;
      },
    }),
  });
  return {
    events: overriding(events, { db }),
    lose(count) {
      left = count;
    },
  };
}

onMongo(
  "an append whose answer is lost is stored once, and found",
  async (t) => {
    const { provider, events, bookmarks } = await open(t);
    const losing = losingAnswers(events);
    for (const transactions of [true, false]) {
      const writer = createProvider({
        events: losing.events,
        bookmarks,
        transactions,
      });
      for (const count of [1, 3]) {
        const id = `${transactions} ${count}`;
        losing.lose(2);
        const positions = await appendTo(writer, id, 1, { count });
        losing.lose(0);
        const stored = await provider.getEventsFor("counters", id);
        assert.deepEqual(stored.map(({ position }) => position), positions);
        assert.equal(stored.length, count);
        // It knows where the log ends.
        await appendTo(writer, id, count + 1);
      }
    }
    losing.lose(1);
    const writer = createProvider({ events: losing.events, bookmarks });
    const outcomes = await Promise.all([
      appendTo(writer, "ada", 1),
      appendTo(writer, "bob", 1, { commandId: "open" }),
      appendTo(writer, "eve", 1),
    ]);
    assert.equal(
      new Set(outcomes.map(([position]) => String(position))).size,
      3,
    );
  },
);

onMongo("a transaction whose answer is lost is looked for", async (t) => {
  const { provider, events, bookmarks } = await open(t);
  const losing = losingAnswers(events);
  const writer = createProvider({ events: losing.events, bookmarks });
  let runs = 0;
  // It is asked for again, and the second answer arrives.
  losing.lose(1);
  await writer.transact(async (tx) => {
    runs++;
    await appendTo(writer, "ada", 1, { count: 2, tx });
  });
  assert.equal(runs, 1);
  assert.equal((await provider.getEventsFor("counters", "ada")).length, 2);
});
