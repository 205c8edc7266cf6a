import { StoreError } from "../../core/errors.ts";
import type { ErrorCallback, Horizon } from "../../core/provider.ts";

import { HorizonTracker, type SafeEnd } from "./postgres_horizon.ts";
import type { PostgresTable } from "./postgres_names.ts";
import { report } from "../report.ts";
import { type Position, toPosition } from "./postgres_rows.ts";
import type { PostgresStatements } from "./postgres.ts";
import type { PostgresStore } from "./postgres_store.ts";

/** How long handlers may be held back before `onError` is told, in milliseconds. */
const HELD_MS = 5000;

/** How far the log of one provider is final, and what holds it back. */
export class PostgresOrder<Tx> {
  #store: PostgresStore<Tx>;
  #statements: PostgresStatements;
  #events: PostgresTable;
  #onError: ErrorCallback;
  #tracker: HorizonTracker;
  #checked: Promise<void> | undefined;
  #isTold = false;

  /** One for all handlers of the provider. */
  constructor(
    store: PostgresStore<Tx>,
    statements: PostgresStatements,
    events: PostgresTable,
    onError: ErrorCallback,
  ) {
    this.#store = store;
    this.#statements = statements;
    this.#events = events;
    this.#onError = onError;
    this.#tracker = new HorizonTracker({
      look: async (safe) => {
        const [row] = await store.read(
          { what: "getEventsFrom" },
          statements.selectHorizon,
          [String(safe), events.quoted],
        );
        return row!;
      },
      check: () => this.#checkSequence(),
      isShared: () => store.isSingle(),
    });
  }

  /** Looks how far events can be read. */
  async refresh(): Promise<SafeEnd> {
    const end = await this.#tracker.refresh();
    if (!end.isBlocked) this.#isTold = false;
    else if (!this.#isTold && this.#tracker.heldMs > HELD_MS) {
      this.#isTold = true;
      this.#tellWhoHolds();
    }
    return end;
  }

  /** The newest position, or 0. */
  async head(): Promise<Position> {
    const [row] = await this.#store.read(
      { what: "getEventsFrom" },
      this.#statements.selectHead,
      [],
    );
    return toPosition(row?.[0]);
  }

  /** The writers that are at work, oldest first. */
  async blockers(): Promise<Horizon["blockedBy"]> {
    const rows = await this.#store.read(
      { what: "horizon" },
      this.#statements.selectBlockers,
      [this.#events.quoted],
    );
    return rows.map(([key, session, age, query]) => {
      // The database hides what belongs to other roles.
      const ageMs = age === null ? this.#tracker.ageOf(key) : Number(age);
      return {
        session,
        ...(ageMs === undefined ? {} : { ageMs }),
        ...(query === null ? {} : { query }),
      };
    });
  }

  /** Throws, once found out and until it is repaired, if nothing orders events. */
  async check(): Promise<void> {
    this.#checked ??= this.#checkSequence();
    try {
      await this.#checked;
    } catch (error) {
      this.#checked = undefined;
      throw error;
    }
  }

  async #checkSequence(): Promise<void> {
    const wrong = await this.#store.read(
      { what: "getEventsFrom" },
      this.#statements.selectWrongSequence,
      [this.#events.quoted],
    );
    if (wrong.length > 0) throw wrongSequence(this.#events);
  }

  #tellWhoHolds(): void {
    this.blockers().then(
      ([oldest]) => {
        const who = oldest
          ? `${oldest.session} has not ended for ${
            Math.round(oldest.ageMs ?? this.#tracker.heldMs)
          } ms${oldest.query ? `, its last statement: ${oldest.query}` : ""}`
          : "a transaction has not ended";
        report(
          this.#onError,
          new StoreError(
            "HORIZON_HELD",
            `Handlers are held back, as ${who}; end the transactions that write to "${this.#events.given}" sooner`,
          ),
        );
      },
      (error) => report(this.#onError, error),
    );
  }
}

/** A sequence whose numbers are not in the order of their drawing. */
export function wrongSequence(events: PostgresTable): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    `Cannot keep the events of "${events.given}" in order: the sequence of its position keeps numbers for a session, counts down, or begins anew; run ALTER SEQUENCE … INCREMENT 1 CACHE 1 NO CYCLE, and connect again`,
  );
}
