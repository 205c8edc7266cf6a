import type { ServerUser } from "./server_user.ts";

/**
 * A database that the tests run on. To add one, write a file that exports a
 * definition and list it in `all.ts`.
 */
export interface DatabaseDefinition {
  readonly name: string;
  /** An address in this variable is used before anything is started. */
  readonly environmentVariable: string;
  /** Its service in docker-compose.yml. */
  readonly composeService: string;
  /** Where that service is published. */
  readonly composeUrl: string;
  /** Asks the server a real question; rejects while it does not answer. */
  readonly ask: (url: string) => Promise<void>;
  /**
   * Says how to run the server from packages, after making what it needs in
   * `context.folder`. Called again with the same folder when a server that
   * died is started again: what is there is kept.
   *
   * @throws {MissingError} where the server cannot be had on this machine
   */
  readonly start: (context: StartContext) => Promise<ServerCommand>;
}

export interface StartContext {
  /** This database's own folder; removed when the server is stopped. */
  readonly folder: string;
  /** Downloaded packages, shared and kept. */
  readonly packages: string;
  /** A free port on 127.0.0.1. */
  readonly port: number;
  /** Whether the system's package manager may be used. */
  readonly mayInstall: boolean;
  readonly say: (message: string) => void;
}

export interface ServerCommand {
  readonly program: string;
  /** One of them must lie in `context.folder`: a process is known by it. */
  readonly args: readonly string[];
  readonly url: string;
  /** Asks for the fastest clean shutdown. */
  readonly stopSignal: StopSignal;
  /** Whom to run it as; undefined: as ourselves. */
  readonly user: ServerUser | undefined;
  /** Where it says what is wrong, if that is not its output. */
  readonly log?: string;
}

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGKILL";

/** A server that cannot be had here; the message says how to get it. */
export class MissingError extends Error {
  override readonly name: string = "MissingError";
}
