import { Gate } from "./gate.ts";
import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { Busy, DatabaseError, type Store, type Transaction } from "./store.ts";

/** How well a database and the way to it work just now. */
export type Conditions = {
  /** How long one way takes, in milliseconds: each magnitude as likely. */
  latency: [low: number, high: number];
  /** How often a request is lost on its way, or its answer is. */
  failures: number;
};

/** Whose failure it is. */
export type Failure = {
  machine: Machine;
  /** The handler and the event that it was given, if it was a callback's. */
  event?: string;
};

/** A request failed on its way, or its answer did: nobody knows which. */
export class ConnectionLost extends Error {
  override name = "ConnectionLost";
}

/** Carries requests to the store, and the answers back. */
export class Network {
  readonly conditions: Conditions;
  /** Closed while the database answers nobody. */
  readonly gate: Gate = new Gate();
  /** Failures that processes were given and that nobody has reported yet. */
  readonly unreported: Map<unknown, Failure> = new Map();
  #scheduler: Scheduler;
  #random: Random;
  #store: Store;
  #open: Map<Transaction, Machine> = new Map();
  #requests = 0;

  constructor(
    scheduler: Scheduler,
    random: Random,
    store: Store,
    conditions: Conditions,
  ) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#store = store;
    this.conditions = conditions;
  }

  /** Does something at the store, some time from now, and answers later yet. */
  request<T>(
    client: Machine,
    what: string,
    tx: Transaction | undefined,
    apply: () => T,
  ): Promise<T> {
    const id = `#${++this.#requests}`;
    client.waiting++;
    return new Promise((resolve, reject) => {
      const failure = this.#random.chance(this.conditions.failures)
        ? this.#random.pick(["request", "answer", "late"])
        : undefined;
      const answer = (how: string, give: () => void) =>
        this.#travel(
          client,
          `${client.name} ${id} ${how}`,
          () =>
            client.receive(() => {
              client.waiting--;
              give();
            }),
        );
      const fail = (error: unknown) => answer("fails", () => reject(error));
      const arrive = () => {
        if (!client.alive && this.#random.chance(0.5)) return;
        if (failure === "request") return fail(this.#lost(what, tx));
        if (failure === "late" && !tx) {
          fail(this.#lost(what, tx));
          this.#later(`${id} is late`, apply);
          return;
        }
        try {
          if (tx && tx.state !== "open") {
            throw new DatabaseError(`${tx.name} is ${tx.state}`);
          }
          const result = apply();
          if (failure) return fail(this.#lost(what, tx));
          answer("answers", () => resolve(result));
        } catch (error) {
          if (error instanceof Busy) {
            error.holder.waiters.push(() =>
              this.#travel(client, `${id} again: ${what}`, arrive)
            );
          } else fail(error);
        }
      };
      this.#travel(client, `${client.name} ${id} ${what}`, arrive);
    });
  }

  begin(client: Machine): Transaction {
    const tx = this.#store.begin();
    this.#open.set(tx, client);
    return tx;
  }

  commit(tx: Transaction): void {
    this.#store.commit(tx);
    this.#open.delete(tx);
  }

  rollback(tx: Transaction): void {
    this.#store.rollback(tx);
    this.#open.delete(tx);
  }

  /** Something that the database tells a process by itself. */
  push(client: Machine, what: string, run: () => void): void {
    this.#travel(
      client,
      `${client.name} is told: ${what}`,
      () => client.receive(run),
    );
  }

  /** The database notices, soon, that a process is gone. */
  disconnect(client: Machine): void {
    for (const [error, { machine }] of this.unreported) {
      if (machine === client) this.unreported.delete(error);
    }
    for (const [tx, owner] of this.#open) {
      if (owner === client) this.#abandon(tx);
    }
  }

  /** Whoever asked has given up, but the database has the request yet. */
  #later(what: string, apply: () => unknown): void {
    this.#scheduler.in(this.#random.magnitude(1, 3000), what, () => {
      try {
        apply();
      } catch {
        // Nobody waits for the answer.
      }
    });
  }

  #lost(what: string, tx: Transaction | undefined): ConnectionLost {
    // The session went with the connection.
    if (tx) this.#abandon(tx);
    return new ConnectionLost(what);
  }

  #abandon(tx: Transaction): void {
    if (tx.state !== "open") return;
    this.#scheduler.in(
      this.#random.magnitude(0.1, 2000),
      `${tx.name} is abandoned`,
      () => this.rollback(tx),
    );
  }

  /** One way between a process and the database. */
  #travel(client: Machine, what: string, arrive: () => void): void {
    const [low, high] = this.conditions.latency;
    const again = () => this.#travel(client, what, arrive);
    this.#scheduler.in(this.#random.magnitude(low, high), what, () => {
      if (this.gate.closed) this.gate.pass(again);
      else if (client.gate.closed) client.gate.pass(again);
      else arrive();
    });
  }
}
