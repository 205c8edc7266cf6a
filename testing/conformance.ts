import { AssertionError } from "node:assert/strict";
import type { Case } from "./case.ts";
import { atomicityCases } from "./cases/atomicity.ts";
import { badInputCases } from "./cases/bad_input.ts";
import { bookmarkCases } from "./cases/bookmarks.ts";
import { capabilityCases } from "./cases/capabilities.ts";
import { catalogCases } from "./cases/catalog.ts";
import { commandCases } from "./cases/commands.ts";
import { compareAndSetCases } from "./cases/compare_and_set.ts";
import { dueRecordCases } from "./cases/due_records.ts";
import { erasureCases } from "./cases/erasure.ts";
import { findCommandCases } from "./cases/find_command.ts";
import { handledCases } from "./cases/handled.ts";
import { oneAtATimeCases } from "./cases/one_at_a_time.ts";
import { handlerCases } from "./cases/handlers.ts";
import { handlerFailureCases } from "./cases/handler_failures.ts";
import { horizonCases } from "./cases/horizon.ts";
import { lastEventCases } from "./cases/last_event.ts";
import { logCases } from "./cases/log.ts";
import { lookalikeCases } from "./cases/lookalikes.ts";
import { metadataCases } from "./cases/metadata.ts";
import { nameCases } from "./cases/names.ts";
import { parkedEventCases } from "./cases/parked_events.ts";
import { parkingCases } from "./cases/parking.ts";
import { pagingCases } from "./cases/paging.ts";
import { payloadCases } from "./cases/payloads.ts";
import { processCases } from "./cases/processes.ts";
import { rebuildCases } from "./cases/rebuild.ts";
import { recordCases } from "./cases/records.ts";
import { reservationCases } from "./cases/reservations.ts";
import { reservationRaceCases } from "./cases/reservation_races.ts";
import { requirementCases } from "./cases/requirements.ts";
import { requirementRaceCases } from "./cases/requirement_races.ts";
import { repeatedCommandCases } from "./cases/repeated_commands.ts";
import { scannedToCases } from "./cases/scanned_to.ts";
import { shardCases } from "./cases/shards.ts";
import { shardStartCases } from "./cases/shard_starts.ts";
import { snapshotCases } from "./cases/snapshots.ts";
import { transactCases } from "./cases/transact.ts";
import { transactIsolationCases } from "./cases/transact_isolation.ts";
import { transactionalHandlerCases } from "./cases/transactional_handlers.ts";
import { upcastingCases } from "./cases/upcasting.ts";
import { versionCases } from "./cases/versions.ts";
import { watchCases } from "./cases/watch.ts";
import { describe } from "./expect.ts";
import type { Capability } from "./fixture.ts";
import { describeGuarantee } from "./guarantees.ts";
import { settle } from "./outcome.ts";
import { type ConformanceContext, Subject } from "./subject.ts";
import { within } from "./time.ts";

/** One case of the suite, for a test runner to run. */
export type ConformanceCase = {
  /** What holds; no two cases have the same name. */
  name: string;
  /** The number of the guarantee in GUARANTEES.md that it proves, if one. */
  guarantee?: number;
  /** The capability that it is about, if one. */
  capability?: Capability;
  /**
   * Runs it on an open provider. Cases share one, and may run at the same time.
   *
   * @throws {AssertionError} Naming the guarantee, the case and the provider.
   */
  run(context: ConformanceContext): Promise<void>;
};

const everyCase: readonly Case[] = [
  ...logCases,
  ...pagingCases,
  ...lastEventCases,
  ...scannedToCases,
  ...versionCases,
  ...atomicityCases,
  ...nameCases,
  ...lookalikeCases,
  ...payloadCases,
  ...metadataCases,
  ...bookmarkCases,
  ...compareAndSetCases,
  ...findCommandCases,
  ...recordCases,
  ...dueRecordCases,
  ...transactCases,
  ...transactIsolationCases,
  ...watchCases,
  ...horizonCases,
  ...commandCases,
  ...badInputCases,
  ...repeatedCommandCases,
  ...requirementCases,
  ...requirementRaceCases,
  ...reservationCases,
  ...reservationRaceCases,
  ...snapshotCases,
  ...upcastingCases,
  ...erasureCases,
  ...handlerCases,
  ...handledCases,
  ...handlerFailureCases,
  ...oneAtATimeCases,
  ...transactionalHandlerCases,
  ...parkingCases,
  ...parkedEventCases,
  ...processCases,
  ...rebuildCases,
  ...shardCases,
  ...shardStartCases,
  ...catalogCases,
  ...capabilityCases,
];

/**
 * The cases for a provider that has these capabilities, for a test runner of
 * one's own; {@linkcode testProvider} is the short way. A capability that is
 * left out has cases too: they show that it is refused and not half there.
 *
 * @example
 * ```ts
 * import { conformanceCases } from "evtstore/testing";
 * import { createProvider } from "evtstore/provider/memory";
 *
 * const [first] = conformanceCases(["watch"]);
 * await first!.run({ provider: createProvider() });
 * ```
 *
 * @param capabilities What the provider has.
 * @returns The cases, in the order of the guarantees.
 */
export function conformanceCases(
  capabilities: readonly Capability[],
): ConformanceCase[] {
  const isDeclared = (capability: Capability) =>
    capabilities.includes(capability);
  return everyCase
    .filter(({ needs = [], without }) =>
      needs.every(isDeclared) && !(without && isDeclared(without))
    )
    .map(toConformanceCase);
}

function toConformanceCase(one: Case): ConformanceCase {
  const { name, guarantee } = one;
  const capability = one.needs?.[0] ?? one.without;
  return {
    name,
    ...(guarantee === undefined ? {} : { guarantee }),
    ...(capability === undefined ? {} : { capability }),
    run: (context) => runCase(one, context),
  };
}

async function runCase(one: Case, context: ConformanceContext): Promise<void> {
  const subject = new Subject(context);
  // A provider that never answers must fail the case, not stop the suite.
  const limit = subject.patience * 6;
  try {
    await within(one.run(subject), limit, "the case to end");
    await within(subject.end(), limit, "what the case started to stop");
  } catch (error) {
    await settle(within(subject.end(), limit, "what it started to stop"));
    throw failureOf(one, subject, error);
  }
}

function failureOf(one: Case, subject: Subject, error: unknown): Error {
  const problem = error instanceof AssertionError
    ? error.message
    : describe(error);
  const promise = one.guarantee === undefined
    ? "The provider contract"
    : describeGuarantee(one.guarantee);
  const failure = new AssertionError({
    message:
      `${promise} is not kept by provider "${subject.provider.driver}", ${one.name}. ${problem}`,
  });
  // Its stack shows the line of the case.
  failure.cause = error;
  return failure;
}
