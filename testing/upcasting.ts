import { createAggregate, type StorableAggregate } from "../core/aggregate.ts";
import {
  createDomainV2,
  type DomainReads,
  type DomainV2,
} from "../core/domain_v2.ts";
import type { Provider } from "../core/provider.ts";
import type { SnapshotOptions } from "../core/snapshot_options.ts";
import { createUpcasters } from "../core/upcast.ts";
import type { Subject } from "./subject.ts";

/** What the events of an account are today. */
export type AccountEvent =
  | { type: "Opened"; owner: string }
  | { type: "Moved"; cents: number };

/** What they were in its earlier years, too. */
export type StoredAccountEvent =
  | AccountEvent
  | { type: "Moved"; euros: number }
  | { type: "Founded"; name: string; euros: number }
  | { type: "Viewed" };

/** An account as its events fold. */
export type Account = { owner: string; cents: number; moves: number };

/** Every shape that there ever was: 5 stored events, 5 of today. */
export const accountHistory: StoredAccountEvent[] = [
  { type: "Founded", name: "Ada", euros: 5 },
  { type: "Viewed" },
  { type: "Moved", euros: 2 },
  { type: "Moved", cents: -50 },
  { type: "Viewed" },
];

type AccountAggregate = StorableAggregate<
  AccountEvent,
  Account,
  string,
  StoredAccountEvent
>;

type Aggregates = { account: AccountAggregate };

/** Accounts of a stream of their own, whose events have changed their shape. */
export type Accounts = {
  stream: string;
  /** A domain of them. */
  open(options?: {
    provider?: Provider<any>;
    snapshot?: SnapshotOptions;
    /** What a euro is worth; not 100 for upcasters that differ. */
    rate?: 100 | 200;
  }): DomainV2<Aggregates, any> & DomainReads<Aggregates>;
};

/** Makes accounts on the provider that is tested. */
export function createAccounts(subject: Subject): Accounts {
  const stream = subject.unique("stream");
  return {
    stream,
    open({ provider = subject.provider, snapshot, rate = 100 } = {}) {
      const account: AccountAggregate = createAggregate({
        stream,
        create: (): Account => ({ owner: "", cents: 0, moves: 0 }),
        fold: (event: AccountEvent, { cents, moves }: Account) =>
          event.type === "Opened"
            ? { owner: event.owner }
            : { cents: cents + event.cents, moves: moves + 1 },
        upcast: rate === 100 ? upcasters : dearer,
        ...snapshot && { snapshot },
      });
      return createDomainV2<Aggregates>({ provider }, { account });
    },
  };
}

const upcasters = createUpcasters<StoredAccountEvent, AccountEvent>({
  Moved: (event) =>
    "cents" in event ? event : { type: "Moved", cents: event.euros * 100 },
  Founded: ({ name, euros }) => [
    { type: "Opened", owner: name },
    { type: "Moved", euros },
  ],
  Viewed: () => [],
});

const dearer = createUpcasters<StoredAccountEvent, AccountEvent>({
  ...upcasters.steps as any,
  Moved: (event) =>
    "cents" in event ? event : { type: "Moved", cents: event.euros * 200 },
});
