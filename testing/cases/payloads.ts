import type { Case } from "../case.ts";
import { expect, expectAcceptedOrInvalid, expectSame } from "../expect.ts";
import { hostileTexts } from "../hostile.ts";
import { settle } from "../outcome.ts";
import type { Subject, TestEvent } from "../subject.ts";

/** Hostile content is stored and read back exactly, or refused. */
export const payloadCases: readonly Case[] = [
  {
    name: "payloads: hostile texts are stored exactly or refused",
    guarantee: 10,
    async run(subject) {
      const accepted = [];
      for (const text of hostileTexts) {
        accepted.push(
          await expectExact(subject, { type: "Said", text }),
          await expectExact(subject, { type: text }),
          await expectExact(subject, { type: "Said", [text]: "as a key" }),
        );
      }
      expectMostAccepted(accepted);
    },
  },
  {
    name: "payloads: properties of every name are stored exactly or refused",
    guarantee: 10,
    async run(subject) {
      const polluting = JSON.parse(
        '{"type":"Said","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
      );
      const accepted = [
        await expectExact(subject, polluting),
        await expectExact(subject, { type: "Said", "": "empty", ".": "dot" }),
        await expectExact(subject, { type: "Said", $set: { a: 1 }, "a.b": 1 }),
        await expectExact(subject, {
          type: "Said",
          stream: "mine",
          aggregateId: 7,
          version: "x",
          position: null,
          timestamp: [],
          event: {},
          metadata: "mine",
        }),
      ];
      expectMostAccepted(accepted);
      expect(
        (({}) as { polluted?: unknown }).polluted === undefined,
        "Expected no prototype to be changed by an event: Object.prototype is",
      );
    },
  },
  {
    name: "payloads: values of every type are stored exactly",
    guarantee: 10,
    async run(subject) {
      const values = [
        [null, true, false, "", 0, -1, 1.5, 0.1, 1e21, 1e-7, 1.7e308, 5e-324],
        [2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1), 9007199254740993],
        [[], {}, [[]], [{}], { a: [] }, [null], { a: null }],
        ["2026-01-01T00:00:00.000Z", "12345678901234567890", "0x10", "1e3"],
      ];
      for (const value of values) {
        const accepted = await expectExact(subject, { type: "Valued", value });
        expect(accepted, "Expected plain JSON to be accepted: it was refused");
      }
    },
  },
  {
    name: "payloads: deep and large events are stored exactly or refused",
    guarantee: 10,
    async run(subject) {
      const accepted = [];
      for (const depth of [50, 90, 400, 2000]) {
        let nested: unknown = "the bottom";
        for (let level = 0; level < depth; level++) {
          nested = level % 2 ? [nested] : { nested };
        }
        accepted.push(await expectExact(subject, { type: "Deep", nested }));
      }
      accepted.push(
        await expectExact(subject, {
          type: "Large",
          text: "0123456789".repeat(100_000),
        }),
        await expectExact(subject, {
          type: "Wide",
          list: Array.from({ length: 20_000 }, (_, index) => index),
        }),
        await expectExact(subject, {
          type: "Wide",
          ...Object.fromEntries(
            Array.from(
              { length: 5_000 },
              (_, index) => [`key ${index}`, index],
            ),
          ),
        }),
      );
      expectMostAccepted(accepted);
    },
  },
];

/** @returns Whether it was accepted. */
async function expectExact(
  subject: Subject,
  event: TestEvent,
): Promise<boolean> {
  const [stream, id] = [subject.unique("stream"), subject.unique("id")];
  const expected = structuredClone(event);
  const outcome = await settle(
    Promise.resolve().then(() => subject.append(stream, id, 1, [event])),
  );
  const accepted = expectAcceptedOrInvalid(outcome, "the event");
  const events = accepted ? [expected] : [];
  const [byAggregate, byStream] = [
    await subject.load(stream, id),
    await subject.log(stream, events.length),
  ];
  for (const stored of [byAggregate, byStream]) {
    expectSame(stored.map((one) => one.event), events, "the stored event");
  }
  return accepted;
}

function expectMostAccepted(accepted: boolean[]): void {
  const count = accepted.filter(Boolean).length;
  expect(
    count > accepted.length / 2,
    `Expected most of ${accepted.length} events to be accepted: ${count} were`,
  );
}
