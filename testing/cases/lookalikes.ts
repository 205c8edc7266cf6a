import type { Case } from "../case.ts";
import { expectAcceptedOrInvalid, expectSame, shorten } from "../expect.ts";
import { lookalikes } from "../hostile.ts";
import { settle } from "../outcome.ts";

/** Names that look alike are not the same name. */
export const lookalikeCases: readonly Case[] = [
  {
    name: "lookalikes: two ids that look alike are two aggregates",
    guarantee: 10,
    async run(subject) {
      for (const pair of lookalikes) {
        const stream = subject.unique("stream");
        for (const id of pair) {
          const event = { type: "Named", id };
          const outcome = await settle(subject.append(stream, id, 1, [event]));
          if (expectAcceptedOrInvalid(outcome, shown(pair))) {
            await subject.expectStored(stream, id, [event]);
          }
        }
      }
    },
  },
  {
    name: "lookalikes: two streams that look alike are two streams",
    guarantee: 10,
    async run(subject) {
      for (const pair of lookalikes) {
        const id = subject.unique("id");
        const [from] = await subject.positions(1);
        for (const stream of pair) {
          const event = { type: "Named", stream };
          const outcome = await settle(subject.append(stream, id, 1, [event]));
          if (expectAcceptedOrInvalid(outcome, shown(pair))) {
            await subject.expectStored(stream, id, [event]);
            const mine = (await subject.log(stream, 1, from))
              .filter((one) => one.aggregateId === id);
            expectSame(mine.map((one) => one.event), [event], "its log");
          }
        }
      }
    },
  },
  {
    name: "lookalikes: two bookmarks that look alike are two bookmarks",
    guarantee: 10,
    async run(subject) {
      const positions = await subject.positions(2);
      for (const pair of lookalikes) {
        const prefix = subject.unique("").slice(0, 12);
        const stored: [string, any][] = [];
        for (const [index, name] of pair.entries()) {
          const bookmark = name.length < 400 ? `${prefix}${name}` : name;
          const outcome = await settle(
            Promise.resolve(
              subject.provider.setPosition(bookmark, positions[index]),
            ),
          );
          if (expectAcceptedOrInvalid(outcome, shown(pair))) {
            stored.push([bookmark, positions[index]]);
          }
        }
        for (const [bookmark, position] of stored) {
          await subject.expectBookmarkAt(bookmark, position);
        }
      }
    },
  },
  {
    name: "lookalikes: two records that look alike are two records",
    guarantee: 10,
    needs: ["records"],
    async run(subject) {
      for (const pair of lookalikes) {
        const kind = subject.unique("kind");
        for (const key of pair) {
          const outcome = await settle(
            subject.records.put(kind, key, key, { revision: 0 }),
          );
          if (expectAcceptedOrInvalid(outcome, shown(pair))) {
            expectSame(outcome.won && outcome.value, true, "what put returns");
            const record = await subject.records.get(kind, key);
            expectSame(record?.value, key, "the value of the record");
          }
        }
      }
    },
  },
];

function shown(pair: readonly [string, string]): string {
  return `each of ${shorten(JSON.stringify(pair))}`;
}
