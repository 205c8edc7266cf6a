import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "./cache.ts";
import type { StopSignal } from "./definition.ts";

/** A server that we started from a package. */
export interface PackageServer {
  readonly via: "package";
  readonly pid: number;
  readonly port: number;
  readonly folder: string;
  readonly url: string;
  readonly stopSignal: StopSignal;
}

/** A service that we started with Docker compose. */
export interface ComposeServer {
  readonly via: "compose";
  readonly service: string;
  readonly url: string;
}

export type ServerRecord = PackageServer | ComposeServer;

/** What runs because we started it, by the name of the database. */
export type State = Readonly<Record<string, ServerRecord>>;

export function readState(): State {
  try {
    return parseState(readFileSync(stateFile(), "utf8"));
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return {};
    throw error;
  }
}

/** Sets or, with undefined, removes the record of one database. */
export function recordServer(
  name: string,
  record: ServerRecord | undefined,
): void {
  const { [name]: _before, ...others } = readState();
  const state = record === undefined ? others : { ...others, [name]: record };
  const file = stateFile();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify({ servers: state }, null, 2));
  renameSync(`${file}.new`, file);
}

/** Leaves out what it does not understand: an older or a damaged file. */
export function parseState(text: string): State {
  const servers = asObject(asObject(parseJson(text))["servers"]);
  const state: Record<string, ServerRecord> = {};
  for (const [name, value] of Object.entries(servers)) {
    const record = parseRecord(asObject(value));
    if (record !== undefined) state[name] = record;
  }
  return state;
}

function parseRecord(
  value: Record<string, unknown>,
): ServerRecord | undefined {
  const { via, url, pid, port, folder, stopSignal, service } = value;
  if (typeof url !== "string") return undefined;
  if (via === "compose" && typeof service === "string") {
    return { via, service, url };
  }
  // A pid below 2 would signal a whole group, or init.
  if (
    via === "package" && isNumberAbove(1, pid) && isNumberAbove(0, port) &&
    typeof folder === "string" && folder !== "" && isStopSignal(stopSignal)
  ) {
    return { via, pid, port, folder, url, stopSignal };
  }
  return undefined;
}

function isNumberAbove(least: number, value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > least;
}

function isStopSignal(value: unknown): value is StopSignal {
  return value === "SIGINT" || value === "SIGTERM" || value === "SIGKILL";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null
    ? value as Record<string, unknown>
    : {};
}

function stateFile(): string {
  return join(cacheFolder(), "databases.json");
}
