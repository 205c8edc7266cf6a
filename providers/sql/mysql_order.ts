import { StoreError } from "../../core/errors.ts";
import type { ErrorCallback, Horizon } from "../../core/provider.ts";
import type { MysqlOrdering } from "./mysql_append_statements.ts";
import { ReaderBarrier } from "./mysql_barrier.ts";

import type { MysqlSession } from "./mysql_executor.ts";
import {
  type Look,
  type MysqlHorizon,
  MysqlHorizonTracker,
} from "./mysql_horizon.ts";
import type { MysqlTables } from "./mysql_names.ts";
import { toPosition } from "./mysql_rows.ts";
import type { MysqlSetup } from "./mysql_setup.ts";
import type { MysqlStore } from "./mysql_store.ts";
import { type Blocker, MetadataLocks } from "./mysql_writers.ts";
import { report } from "../report.ts";

/** Readers that are held back for longer are reported, in milliseconds. */
const HELD_MS = 5000;

/** How a reader learns who writes. */
type Method = { locks: MetadataLocks } | { barrier: ReaderBarrier } | "none";

/** How a {@linkcode MysqlOrder} works. */
export type MysqlOrderOptions = {
  /** The tables. */
  tables: MysqlTables;
  /** How positions are made to appear in order. */
  ordering: MysqlOrdering;
  /** Learns of what delays handlers. */
  onError: ErrorCallback;
};

/** The order of the log, as handlers may read it. */
export class MysqlOrder<Tx> {
  #store: MysqlStore<Tx>;
  #options: MysqlOrderOptions;
  #method: Method | undefined;
  #isHeld = false;
  #tracker: MysqlHorizonTracker = new MysqlHorizonTracker((safe) =>
    this.#store.read(
      { what: "getEventsFrom" },
      (session, setup) => this.#look(session, setup, safe),
    )
  );

  /** @param store Where the log is. */
  constructor(store: MysqlStore<Tx>, options: MysqlOrderOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** How far the log is final by now. */
  async refresh(): Promise<MysqlHorizon> {
    const horizon = await this.#tracker.refresh();
    if (!horizon.isBlocked) this.#isHeld = false;
    else if (!this.#isHeld && this.#tracker.heldMs > HELD_MS) {
      this.#isHeld = true;
      await this.#reportHeld(horizon.safe);
    }
    return horizon;
  }

  /** How far the log is final, and what holds it back. */
  async horizon(): Promise<Horizon> {
    const { safe, isBlocked } = await this.#tracker.refresh();
    if (!isBlocked) return { position: safe, blockedBy: [] };
    const method = this.#method;
    if (typeof method !== "object" || !("locks" in method)) {
      return {
        position: safe,
        blockedBy: [{
          session:
            "a transaction that appended; the server does not tell which",
          ageMs: this.#tracker.heldMs,
        }],
      };
    }
    const blockers = await this.#store.read(
      { what: "horizon" },
      (session) => method.locks.describe(session),
    );
    return {
      position: safe,
      blockedBy: blockers.map((blocker) => this.#describe(blocker)),
    };
  }

  async #look(
    session: MysqlSession,
    setup: MysqlSetup,
    safe: number,
  ): Promise<Look> {
    const [row] = await session.query<
      { newest: unknown; found: number | null; readOnly: unknown }
    >(setup.statements.selectHorizon, [safe, safe]);
    // Every time: a primary can become a replica, and the other way round.
    if (this.#options.ordering === "horizon" && isOn(row?.readOnly)) {
      throw readOnlyServer();
    }
    const method = this.#method ??= await this.#chooseMethod(session, setup);
    const newest = toPosition(row?.newest);
    const isDense = row?.found !== null && row?.found !== undefined &&
      Number(row.found) === newest - safe;
    if (isDense || method === "none") return { newest, isDense, writers: true };
    if ("barrier" in method) {
      const writers = await method.barrier.pass(session);
      return { newest, isDense, writers };
    }
    const writers = await method.locks.list(session);
    if (writers) return { newest, isDense, writers };
    this.#method = this.#useBarrier(setup, "it has lost some of them");
    return { newest, isDense, writers: false };
  }

  async #chooseMethod(
    session: MysqlSession,
    setup: MysqlSetup,
  ): Promise<Method> {
    // Writers have their turns, so nobody is behind what is visible.
    if (this.#options.ordering === "serialized") return "none";
    const locks = new MetadataLocks(setup.statements, this.#options.tables);
    const refusal = await locks.refusal(session);
    return refusal === undefined ? { locks } : this.#useBarrier(setup, refusal);
  }

  #useBarrier({ statements }: MysqlSetup, reason: string): Method {
    this.#report(
      new StoreError(
        "ORDERING_LIMITED",
        `Cannot see who writes to ${this.#options.tables.events.quoted}, as the server does not show its metadata locks: ${reason}. Handlers see every event that this library appends, but may miss what plain SQL or evtstore 12 writes meanwhile: show the locks, or stop such writers`,
      ),
    );
    return { barrier: new ReaderBarrier(statements) };
  }

  #describe(blocker: Blocker): Horizon["blockedBy"][number] {
    const ageMs = blocker.ageMs ?? this.#tracker.ageOf(blocker.writer);
    return {
      session: blocker.session,
      ...(ageMs === undefined ? {} : { ageMs }),
      ...(blocker.query === null ? {} : { query: blocker.query }),
    };
  }

  async #reportHeld(safe: number): Promise<void> {
    const { blockedBy } = await this.horizon();
    const [first] = blockedBy;
    this.#report(
      new StoreError(
        "HORIZON_HELD",
        `Handlers have waited at position ${safe} for ${
          Math.round(this.#tracker.heldMs)
        } ms: ${
          first?.session ?? "a writer"
        } has written events in a transaction that it does not end`,
      ),
    );
  }

  #report(error: unknown): void {
    report(this.#options.onError, error);
  }
}

/** A server's switch is a number, or a word since MariaDB 12. */
function isOn(value: unknown): boolean {
  return !["0", "OFF"].includes(String(value));
}

function readOnlyServer(): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    'Cannot read events in their order on a server that is read only, as a replica is, which does not show who writes to the primary: read from the primary, or create all providers with ordering: "serialized"',
  );
}
