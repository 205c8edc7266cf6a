import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Provider } from "evtstore";
import {
  allCapabilities,
  type Capability,
  type ConformanceCase,
  conformanceCases,
} from "evtstore/testing";
import { createProvider } from "evtstore/provider/memory";
import { createEvtstore12Provider } from "../providers/evtstore_12_provider.ts";
import { objectPositionFixture } from "./object_positions.ts";
import { memoryFixture } from "../providers/memory_fixture.ts";
import { appendFaults } from "./faults/appends.ts";
import { bookmarkFaults } from "./faults/bookmarks.ts";
import { claimFaults } from "./faults/claims.ts";
import { catalogFaults } from "./faults/catalog.ts";
import { commandFaults } from "./faults/commands.ts";
import type { Fault } from "./faults/fault.ts";
import { parkingFaults } from "./faults/parking.ts";
import { processFaults } from "./faults/processes.ts";
import { readingFaults } from "./faults/reading.ts";
import { recordFaults } from "./faults/records.ts";
import { shardFaults } from "./faults/shards.ts";
import { snapshotFaults } from "./faults/snapshots.ts";
import { transactionFaults } from "./faults/transactions.ts";
import { versionFaults } from "./faults/versions.ts";
import { watchFaults } from "./faults/watching.ts";

const cases = conformanceCases(allCapabilities);
const faults = [
  ...readingFaults,
  ...appendFaults,
  ...bookmarkFaults,
  ...commandFaults,
  ...claimFaults,
  ...recordFaults,
  ...catalogFaults,
  ...snapshotFaults,
  ...parkingFaults,
  ...versionFaults,
  ...processFaults,
  ...shardFaults,
  ...transactionFaults,
  ...watchFaults,
];

// All cases at once keep each other waiting, on a busy machine for seconds.
const patience = 20_000;

describe("the conformance suite", () => {
  it("passes a good provider", async () => {
    const { close: _, ...opened } = await memoryFixture.open();
    await Promise.all(cases.map((one) => one.run({ ...opened, patience })));
  });

  it("passes one whose positions are objects", async () => {
    const { close: _, ...opened } = await objectPositionFixture.open();
    await Promise.all(cases.map((one) => one.run({ ...opened, patience })));
  });

  it("has a name of its own for each case", () => {
    const names = [...cases, ...conformanceCases([])].map((one) => one.name);
    const both = conformanceCases([]).filter((one) => !one.capability).length;
    assert.equal(new Set(names).size, names.length - both);
  });

  it("has a fault for each group of cases", () => {
    const groupOf = (name: string) => name.split(":")[0];
    const tested = new Set(faults.flatMap((one) => one.caughtBy.map(groupOf)));
    const groups = new Set(cases.map((one) => groupOf(one.name)));
    const untested = [...groups].filter((group) => !tested.has(group));
    // These two are about the domain, which is the same on every provider.
    assert.deepEqual(untested, ["bad input", "failing handlers"]);
  });
});

describe("a planted fault is caught", () => {
  for (const { fault, caughtBy, plant } of faults) {
    for (const name of caughtBy) {
      it(`${fault}: by "${name}"`, async () => {
        const { message } = await failureOf(caseNamed(name), plant);
        assert.match(message, /is not kept by provider "memory", /);
        assert(message.includes(name), message);
      });
    }
  }
});

describe("a capability that the fixture and the provider do not agree on", () => {
  const members = [
    ["watch", "watch: every append wakes every listener"],
    [
      "transact",
      "transact: all writes of a transaction are committed together",
    ],
    ["records", "records: put with revision 0 creates, and never overwrites"],
    ["findCommand", "command ids: one that was never stored is not found"],
    ["horizon", "horizon: what is appended later is behind it"],
    ["hold", "hold: it tells the version, also of what the transaction wrote"],
    [
      "catalog",
      "catalog: streams are listed once each, in the order of their bytes",
    ],
  ] as const satisfies [Capability, string][];

  for (const [member, name] of members) {
    it(`fails a case if "${member}" is declared and not there`, async () => {
      const { message } = await failureOf(
        caseNamed(name),
        () => ({ [member]: undefined }),
      );
      assert.match(message, /The fixture declares .* but the provider has no/);
    });

    it(`fails a case if "${member}" is there and not declared`, async () => {
      const [found] = conformanceCases([]).filter((one) =>
        one.name === `capabilities: "${member}" is not declared, and not there`
      );
      const { message } = await failureOf(found!, () => ({}));
      assert.match(message, /but the fixture does not declare it: add/);
    });
  }

  it("fails a case if compare and set is there and not declared", async () => {
    const [found] = conformanceCases([]).filter((one) =>
      one.capability === "compareAndSet"
    );
    const { message } = await failureOf(found!, () => ({}));
    assert.match(message, /does not declare "compareAndSet": add it/);
  });

  it('fails the cases of "transact" if there is no scratch', async () => {
    const provider = createProvider();
    const found = caseNamed(
      "transact: all writes of a transaction are committed together",
    );
    await assert.rejects(found.run({ provider }), /opens no "scratch": return/);
  });

  it("fails the cases of what a provider of evtstore 12 does not have", async () => {
    const behaviours = {
      compareAndSet: "compare and set: a bookmark moves from where it stands",
      limitedReads:
        "paging: an aggregate is read in pages of the limit asked for",
      scannedTo:
        "scannedTo: a quiet stream is read on from behind the others' events",
    };
    for (const name of Object.values(behaviours)) {
      const provider = createEvtstore12Provider();
      await assert.rejects(
        caseNamed(name).run({ provider, patience: 100 }),
        assert.AssertionError,
      );
    }
  });
});

function caseNamed(name: string): ConformanceCase {
  const found = cases.find((one) => one.name === name);
  assert(found, `there is no case "${name}"`);
  return found;
}

/** What the case says of a memory provider with the fault. */
async function failureOf(
  one: ConformanceCase,
  plant: Fault["plant"],
): Promise<Error> {
  const { provider: good, scratch } = await memoryFixture.open();
  const provider = { ...good, ...plant(good as any) } as Provider<any>;
  try {
    await one.run({ provider, scratch: scratch!, patience: 60 });
  } catch (error) {
    assert(error instanceof assert.AssertionError, String(error));
    return error;
  }
  throw new Error(`The case "${one.name}" has not seen the fault`);
}
