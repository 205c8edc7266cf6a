import { VersionError } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appendTo,
  findServers,
  isLong,
  withNeo4j,
} from "../providers/support/neo4j.ts";

const RACERS = 8;
const ROUNDS = isLong ? 40 : 10;
const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`races on ${server.name}`, () => {
    it("one of eight wins, the others see VersionError", () =>
      withNeo4j(server, async ({ open }) => {
        const racers = Array.from({ length: RACERS }, () => open());
        for (let round = 1; round <= ROUNDS; round++) {
          const outcomes = await Promise.allSettled(
            racers.map((racer, index) =>
              index % 2 === 0
                ? appendTo(racer, "race", "one", round * 2 - 1, 2)
                : racer.transact((tx) =>
                  appendTo(racer, "race", "one", round * 2 - 1, 2, { tx })
                )
            ),
          );
          const losses = outcomes.filter((one) => one.status === "rejected");
          assert.equal(losses.length, RACERS - 1);
          for (const { reason } of losses) {
            assert(reason instanceof VersionError, String(reason));
            assert.equal(reason.actualVersion, round * 2);
          }
        }
        const events = await racers[0]!.getEventsFor("race", "one");
        assert.deepEqual(
          events.map(({ version }) => version),
          Array.from({ length: ROUNDS * 2 }, (_, index) => index + 1),
        );
      }));

    it("appends of one process to one aggregate are judged one by one", () =>
      withNeo4j(server, async ({ open }) => {
        const provider = open();
        const versions = [1, 2, 2, 3, 5, 4];
        const outcomes = await Promise.allSettled(
          versions.map((version) =>
            appendTo(provider, "queue", "one", version)
          ),
        );
        assert.deepEqual(
          outcomes.map(({ status }) => status === "fulfilled"),
          [true, true, false, true, false, true],
        );
      }));
  });
}
