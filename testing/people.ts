import { createAggregate, type StorableAggregate } from "../core/aggregate.ts";
import { createCommands, type InferredCommands } from "../core/commands.ts";
import {
  createDomainV2,
  type DomainReads,
  type DomainV2,
} from "../core/domain_v2.ts";
import type { Erasure } from "../core/forget.ts";
import type { Provider } from "../core/provider.ts";
import type { StoreOptions } from "../core/provided_aggregate.ts";
import type { SnapshotOptions } from "../core/snapshot_options.ts";
import type { Subject } from "./subject.ts";

/** What happens to a person, of whom the e-mail address is personal. */
export type PersonEvent =
  | { type: "Registered"; email: string | null }
  | { type: "Paid"; cents: number };

/** A person as the events fold. */
export type Person = { emails: (string | null)[]; cents: number };

const handlers = {
  register: ({ email }: { email: string | null }): PersonEvent => ({
    type: "Registered",
    email,
  }),
  pay: ({ cents }: { cents: number }): PersonEvent => ({ type: "Paid", cents }),
};

type PersonAggregate = StorableAggregate<PersonEvent, Person, string>;
type Aggregates = { person: PersonAggregate };

/** People in a stream of their own. */
export type People = {
  stream: string;
  /** A domain of them, as a process of its own would have it. */
  open(options?: {
    provider?: Provider<any>;
    snapshot?: SnapshotOptions;
    onForget?: StoreOptions["onForget"];
    retries?: number;
    /** Whose the e-mail addresses are; the aggregate's unless given. */
    owner?: string;
  }):
    & DomainV2<Aggregates, any>
    & DomainReads<Aggregates>
    & Erasure
    & { people: InferredCommands<typeof handlers, Person> };
  /** All that is stored of these people, as text. */
  dump(): Promise<string>;
};

/** Makes people on the provider that is tested. */
export function createPeople(subject: Subject): People {
  const stream = subject.unique("people");
  return {
    stream,
    open(options = {}) {
      const { provider = subject.provider, snapshot, owner, onForget } =
        options;
      const person: PersonAggregate = createAggregate({
        stream,
        create: (): Person => ({ emails: [], cents: 0 }),
        fold: (event: PersonEvent, { emails, cents }: Person) =>
          event.type === "Registered"
            ? { emails: [...emails, event.email] }
            : { cents: cents + event.cents },
        personal: {
          fields: { Registered: { email: null } },
          ...owner !== undefined && { subject: () => owner },
        },
        ...snapshot && { snapshot },
      });
      const made = createDomainV2<Aggregates>({
        provider: asAnotherProcess(provider),
        useCache: true,
        ...onForget && { onForget },
      }, { person });
      const { retries = 0 } = options;
      const people = createCommands(made.domain.person, handlers, { retries });
      return { ...made, people };
    },
    async dump() {
      const { provider } = subject;
      const log = await provider.getEventsFrom(stream, await subject.start());
      const kinds = ["evtstore.snapshot", "evtstore.parked"];
      const records = await Promise.all(
        kinds.map((kind) => provider.records!.list(kind)),
      );
      return JSON.stringify([log, ...records]);
    },
  };
}

/** The same provider, whose records nobody else of this process knows. */
function asAnotherProcess(provider: Provider<any>): Provider<any> {
  const bound = <T extends object>(of: T, own: Partial<T> = {}): T =>
    new Proxy(of, {
      get(target, key) {
        if (Object.hasOwn(own, key)) return own[key as keyof T];
        const member = Reflect.get(target, key);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  return bound(provider, { records: bound(provider.records!) });
}
