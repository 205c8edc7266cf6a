import process from "node:process";
import { selectDatabases } from "./all.ts";
import { composeAnswers, startService } from "./compose.ts";
import type { DatabaseDefinition } from "./definition.ts";
import { mayInstall } from "./install_policy.ts";
import { withLock } from "./lock.ts";
import { startFromPackage } from "./package_server.ts";
import { messageOf, waitForAnswer } from "./ready.ts";
import { isRunning } from "./running.ts";
import { chooseSource } from "./source.ts";
import type {
  StartedDatabase,
  StartedDatabases,
  Via,
} from "./started_database.ts";
import { readState } from "./state.ts";

export interface StartOptions {
  /**
   * Whether the system's package manager may be used.
   *
   * @default in continuous integration (`CI`), and if `EVTSTORE_INSTALL=1`
   */
  readonly install?: boolean;
  /** Hears what takes a while. By default nobody does. */
  readonly say?: (message: string) => void;
}

/**
 * Finds or starts the databases of the given names, or all: at an address in
 * the environment, where it runs already, with Docker compose, or from
 * packages. Resolves when each of them answers or is known to be missing.
 */
export async function startDatabases(
  names?: readonly string[],
  options: StartOptions = {},
): Promise<StartedDatabases> {
  const definitions = selectDatabases(names);
  const say = options.say ?? (() => undefined);
  const state = readState();
  const atHand = await Promise.all(
    definitions.map(async (definition) =>
      addressOf(definition) !== undefined ||
      await isRunning(definition, state[definition.name])
    ),
  );
  const startAll = (): Promise<StartedDatabase[]> =>
    Promise.all(definitions.map((definition) => start(definition, options)));
  return atHand.every(Boolean)
    ? await startAll()
    : await withLock(say, startAll);
}

/** Its address in the environment; an empty one counts as none. */
export function addressOf(definition: DatabaseDefinition): string | undefined {
  return process.env[definition.environmentVariable] || undefined;
}

async function start(
  definition: DatabaseDefinition,
  options: StartOptions,
): Promise<StartedDatabase> {
  const { name, environmentVariable } = definition;
  try {
    const found = await findOrStart(definition, options);
    return { name, environmentVariable, status: "running", ...found };
  } catch (error) {
    const reason = messageOf(error);
    return { name, environmentVariable, status: "missing", reason };
  }
}

interface Found {
  readonly url: string;
  readonly via: Via;
  readonly startedByUs: boolean;
}

async function findOrStart(
  definition: DatabaseDefinition,
  options: StartOptions,
): Promise<Found> {
  const address = addressOf(definition);
  const record = readState()[definition.name];
  const runs = await isRunning(definition, record);
  const source = await chooseSource({ address, runs, composeAnswers });
  if (source === "environment" && address !== undefined) {
    const variable = definition.environmentVariable;
    await expectAnswer(definition, address, `The server of ${variable}`);
    return { url: address, via: "environment", startedByUs: false };
  }
  if (source === "running" && record !== undefined) {
    const { url, via } = record;
    await expectAnswer(definition, url, "The server that runs already");
    return { url, via, startedByUs: false };
  }
  const say = options.say ?? (() => undefined);
  if (source === "compose") {
    try {
      const { started } = await startService(definition, say);
      const url = definition.composeUrl;
      return { url, via: "compose", startedByUs: started };
    } catch (error) {
      say(messageOf(error));
    }
  }
  const url = await startFromPackage(definition, {
    mayInstall: options.install ?? mayInstall(process.env),
    say,
    before: record?.via === "package" ? record : undefined,
  });
  return { url, via: "package", startedByUs: true };
}

async function expectAnswer(
  definition: DatabaseDefinition,
  url: string,
  what: string,
): Promise<void> {
  const reason = await waitForAnswer(
    () => definition.ask(url),
    { timeout: 10_000 },
  );
  if (reason !== undefined) {
    throw new Error(`${what} does not answer: ${reason}`);
  }
}
