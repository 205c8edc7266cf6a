import { stopService } from "./compose.ts";
import { withLock } from "./lock.ts";
import { stopPackageServer } from "./package_server.ts";
import { readState, type ServerRecord } from "./state.ts";

/**
 * Stops what `startDatabases` started, in this process or an earlier one, and
 * removes its data: the databases of the given names, or all. Returns when
 * every process is gone.
 *
 * @throws {AggregateError} if any could not be stopped
 */
export async function stopDatabases(
  names?: readonly string[],
  say: (message: string) => void = () => undefined,
): Promise<void> {
  await withLock(say, async () => {
    const records = Object.entries(readState())
      .filter(([name]) => names === undefined || names.includes(name));
    const results = await Promise.allSettled(
      records.map(([name, record]) => stop(name, record)),
    );
    const errors = results
      .filter((result) => result.status === "rejected")
      .map((result) => result.reason);
    if (errors.length > 0) {
      throw new AggregateError(errors, errors.map(String).join("; "));
    }
  });
}

async function stop(name: string, record: ServerRecord): Promise<void> {
  if (record.via === "package") await stopPackageServer(name, record);
  else await stopService(name, record.service);
}
