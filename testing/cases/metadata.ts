import type { Case } from "../case.ts";
import { expect, expectSame } from "../expect.ts";
import { hostileTexts } from "../hostile.ts";

/** What is known about an event beside its content. */
export const metadataCases: readonly Case[] = [
  {
    name: "metadata: it is stored with its event, however the event is read",
    needs: ["metadata"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const metadata = {
        correlationId: "correlation",
        causationId: "causation",
        user: { id: 7, roles: ["admin"] },
      };
      const created = await subject.append(
        stream,
        id,
        1,
        [{ type: "First" }, { type: "Second" }],
        { metadata },
      );
      const found = [
        ...created,
        ...await subject.load(stream, id),
        ...await subject.log(stream, 2),
        await subject.provider.getLastEventFor(stream, id),
      ];
      expectSame(found.length, 7, "the number of events that were read");
      for (const stored of found) {
        expectSame(stored?.metadata, metadata, "the metadata");
      }
    },
  },
  {
    name: "metadata: each event has its own, and one without it has none",
    needs: ["metadata"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const events = subject.provider.createEvents(stream, id, 1, [
        { type: "First" },
        { type: "Second" },
        { type: "Third" },
      ]);
      events[0]!.metadata = { user: "ada" };
      events[2]!.metadata = { user: "grace" };
      await subject.provider.append(stream, id, 1, events);
      for (
        const stored of [
          await subject.load(stream, id),
          await subject.log(stream, 3),
        ]
      ) {
        expectSame(
          stored.map((one) => one.metadata?.user ?? "nobody"),
          ["ada", "nobody", "grace"],
          "the metadata of the events",
        );
        expect(
          stored[1]?.metadata === undefined,
          "Expected an event that was stored without metadata to have none: it has some",
        );
      }
    },
  },
  {
    name: "metadata: hostile content is stored exactly",
    guarantee: 10,
    needs: ["metadata"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const texts = hostileTexts.filter((text) => text.isWellFormed());
      const metadata = {
        texts,
        keys: Object.fromEntries(texts.map((text) => [text, 1])),
        list: [null, false, 0, "", [], {}],
      };
      await subject.append(stream, id, 1, [{ type: "Noted" }], { metadata });
      const [stored] = await subject.load(stream, id);
      expectSame(stored?.metadata, metadata, "the metadata");
    },
  },
];
