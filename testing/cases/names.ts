import type { Case } from "../case.ts";
import {
  expect,
  expectAcceptedOrInvalid,
  expectSame,
  shorten,
} from "../expect.ts";
import { hostileTexts } from "../hostile.ts";
import { settle } from "../outcome.ts";

/** Hostile names are stored and read back exactly, or refused. */
export const nameCases: readonly Case[] = [
  {
    name: "names: a hostile aggregate id is stored exactly or refused",
    guarantee: 10,
    async run(subject) {
      const stream = subject.unique("stream");
      const accepted: string[] = [];
      for (const id of hostileTexts) {
        const event = { type: "Named", id };
        const outcome = await settle(subject.append(stream, id, 1, [event]));
        if (expectAcceptedOrInvalid(outcome, shown("aggregate id", id))) {
          await subject.expectStored(stream, id, [event]);
          const last = await subject.provider.getLastEventFor(stream, id);
          expectSame(last?.event, event, "the aggregate's last event");
          accepted.push(id);
        }
      }
      expectPlainAccepted(accepted);
      const log = await subject.log(stream, accepted.length);
      expectSame(log.map((one) => one.aggregateId), accepted, "the stored ids");
    },
  },
  {
    name: "names: a hostile stream is stored exactly or refused",
    guarantee: 10,
    async run(subject) {
      const [from] = await subject.positions(1);
      const accepted: string[] = [];
      for (const stream of hostileTexts) {
        const id = subject.unique("id");
        const event = { type: "Named", stream };
        const outcome = await settle(subject.append(stream, id, 1, [event]));
        if (expectAcceptedOrInvalid(outcome, shown("stream", stream))) {
          await subject.expectStored(stream, id, [event]);
          const mine = (await subject.log(stream, 1, from))
            .filter((one) => one.aggregateId === id);
          expectSame(
            mine.map((one) => one.stream),
            [stream],
            "the stream in the log",
          );
          accepted.push(stream);
        }
      }
      expectPlainAccepted(accepted);
      const all = await subject.log(accepted, accepted.length, from);
      expect(
        accepted.every((name) => all.some((one) => one.stream === name)),
        "Expected all hostile streams to be read at once: one is missing",
      );
    },
  },
  {
    name: "names: a hostile bookmark is stored exactly or refused",
    guarantee: 10,
    async run(subject) {
      const [first, second] = await subject.positions(2);
      const accepted: string[] = [];
      for (const name of hostileTexts) {
        const outcome = await settle(
          Promise.resolve(subject.provider.setPosition(name, first)),
        );
        if (expectAcceptedOrInvalid(outcome, shown("bookmark", name))) {
          await subject.expectBookmarkAt(name, first);
          await subject.provider.setPosition(name, second);
          await subject.expectBookmarkAt(name, second);
          accepted.push(name);
        }
      }
      expectPlainAccepted(accepted);
    },
  },
  {
    name: "names: a hostile command id is stored exactly or refused",
    guarantee: 10,
    needs: ["findCommand"],
    async run(subject) {
      const stream = subject.unique("stream");
      const accepted: string[] = [];
      for (const commandId of hostileTexts) {
        const id = subject.unique("id");
        const event = { type: "Named", commandId };
        const outcome = await settle(
          subject.append(stream, id, 1, [event], { commandId }),
        );
        if (expectAcceptedOrInvalid(outcome, shown("command id", commandId))) {
          await subject.expectStored(stream, id, [event]);
          expectSame(
            await subject.findCommand(stream, id, commandId),
            1,
            "the version that the command is found at",
          );
          accepted.push(commandId);
        } else {
          await subject.expectStored(stream, id, []);
        }
      }
      expectPlainAccepted(accepted);
    },
  },
  {
    name:
      "names: a hostile kind or key of a record is stored exactly or refused",
    guarantee: 10,
    needs: ["records"],
    async run(subject) {
      const accepted: string[] = [];
      for (const text of hostileTexts) {
        const plain = subject.unique("plain");
        for (const [kind, key] of [[plain, text], [text, plain]] as const) {
          const outcome = await settle(
            subject.records.put(kind, key, text, { revision: 0 }),
          );
          if (expectAcceptedOrInvalid(outcome, shown("record", text))) {
            expectSame(
              await subject.records.get(kind, key),
              { kind, key, value: text, revision: 1 },
              "the record",
            );
            const [listed] = (await subject.records.list(kind))
              .filter((record) => record.key === key);
            expectSame(listed?.value, text, "the record in its list");
            accepted.push(text);
            // The kinds are shared with whatever else is in the store.
            await subject.records.remove(kind, key);
          }
        }
      }
      expectPlainAccepted(accepted);
    },
  },
];

function shown(what: string, text: string): string {
  return `the ${what} ${shorten(JSON.stringify(text))}`;
}

/** A store that refuses everything is safe and of no use. */
function expectPlainAccepted(accepted: string[]): void {
  for (const text of ["'; DROP TABLE events; --", "__proto__", '"double"']) {
    expect(
      accepted.includes(text),
      `Expected ${JSON.stringify(text)} to be accepted: it was refused`,
    );
  }
}
