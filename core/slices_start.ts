import { type Clock, sleepUnless } from "./clock.ts";
import { refuseRetired } from "./handler_version.ts";
import { membershipOf } from "./membership.ts";
import type { Provider } from "./provider.ts";
import {
  isKeptInSlices,
  keepInSlices,
  placeOfWhole,
} from "./sliced_bookmark.ts";
import { allSlices } from "./slices.ts";
import { VersionRecord } from "./version_record.ts";

const LOOK_MS = 1000;

/** What the work on slices begins with. */
export type SlicesStartContext = {
  /** Where the bookmarks are. */
  provider: Provider<any>;
  /** The bookmark of the whole. */
  handler: string;
  /** The streams of the handler. */
  streams: string[];
  /** Whether a new bookmark begins at the end of the streams. */
  tailStream: boolean;
};

/**
 * Sees to it that the place of a handler is kept in slices.
 *
 * @throws {StoreError} `HANDLER_RETIRED` if a later version has taken over.
 */
export async function startInSlices(
  { provider, handler, streams, tailStream }: SlicesStartContext,
): Promise<void> {
  await refuseLater(provider, handler);
  await keepInSlices(provider, handler, streams, tailStream);
}

/**
 * The same for who works on from then on: whoever works on the bookmark as a
 * whole gives way first, and finds out by the record that it is over.
 *
 * @param waits Called if somebody has to give way.
 * @param report Told of failures to reach the store.
 */
export async function startInSlicesAlone(
  context: SlicesStartContext,
  { clock, stop, waits, report }: {
    clock: Clock;
    stop: AbortSignal;
    waits: () => void;
    report: (error: unknown) => void;
  },
): Promise<void> {
  const { provider, handler } = context;
  const records = provider.records!;
  await refuseLater(provider, handler);
  if (await isKeptInSlices(records, handler)) return;
  waits();
  let changed = new AbortController();
  const lease = membershipOf(provider, records, clock)
    .ask(handler, () => changed.abort(), report, true);
  try {
    while (!stop.aborted) {
      changed = new AbortController();
      if (lease.held()) return await startInSlices(context);
      if (await isKeptInSlices(records, handler)) return;
      await sleepUnless(clock, LOOK_MS, stop, changed);
    }
  } finally {
    await lease.release();
  }
}

/**
 * Where each slice stands, also before the place is kept in slices.
 *
 * @param places Asks the slices.
 */
export async function placesOfSlices(
  { provider, handler, streams, tailStream }: SlicesStartContext,
  places: () => Promise<any[]>,
): Promise<any[]> {
  const { records } = provider;
  if (records && await isKeptInSlices(records, handler)) return await places();
  const place = await placeOfWhole(provider, handler, streams, tailStream);
  return allSlices.map(() => place);
}

async function refuseLater(
  provider: Provider<any>,
  name: string,
): Promise<void> {
  const live = await new VersionRecord(provider.records!, name).read();
  refuseRetired({ name, version: 1 }, live);
}
