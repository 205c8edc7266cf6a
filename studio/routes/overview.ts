import type { OverviewAnswer } from "../api.ts";
import type { StudioContext } from "../context.ts";
import { personalNames } from "../domain_module.ts";
import { toTime } from "../shown_events.ts";

/** `GET /api/overview` */
export async function overview(
  { store, handlers, aggregates, write, libraryVersion }: StudioContext,
): Promise<OverviewAnswer> {
  const { provider } = store;
  const [newest, horizon] = await Promise.all([
    provider.catalog && store.newest(await store.streams()),
    provider.horizon?.(),
  ]);
  return {
    driver: provider.driver,
    libraryVersion,
    write,
    domain: [...aggregates.values()].map(({ name, stream, personal }) => {
      const names = personalNames(personal);
      return { name, stream, ...names && { personal: names } };
    }),
    handlers: handlers.map(({ name }) => name),
    capabilities: {
      catalog: provider.catalog !== undefined,
      records: provider.records !== undefined,
      horizon: provider.horizon !== undefined,
      watch: provider.watch !== undefined,
    },
    newest: newest
      ? {
        position: String(newest.position),
        timestamp: toTime(newest.timestamp),
      }
      : null,
    ...horizon && {
      horizon: {
        position: String(horizon.position),
        // Not the statements: what they are bound to may be personal.
        blockedBy: horizon.blockedBy.map(({ session, ageMs }) => ({
          session,
          ...ageMs !== undefined && { ageMs },
        })),
      },
    },
    at: new Date().toISOString(),
  };
}
