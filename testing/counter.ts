import { createAggregate, type ProvidedAggregate } from "../core/aggregate.ts";
import {
  createPersistedAggregate,
  createProvidedAggregate,
} from "../core/provided_aggregate.ts";
import type { CommandOptions } from "../core/command_options.ts";
import { createCommands } from "../core/commands.ts";
import type { Provider } from "../core/provider.ts";
import type { SnapshotOptions } from "../core/snapshot_options.ts";
import type { Subject } from "./subject.ts";

type Added = { type: "Added"; value: number };
type Total = { total: number };
type State = Total & { aggregateId: string; version: number };

/** A small domain that the cases about commands share: numbers are added up. */
export type Counter = {
  /** The stream that its events are in; nobody else's are. */
  stream: string;
  /** Returns one event. */
  add(id: string, value: number, options?: CommandOptions): Promise<State>;
  /** Returns an event for each value, or none. */
  addAll(
    id: string,
    values: number[],
    options?: CommandOptions,
  ): Promise<State>;
  /** Returns what is decided on the aggregate, whatever that is. */
  decide(
    id: string,
    decision: (state: State) => unknown,
    options?: CommandOptions,
  ): Promise<State>;
  /** Loads it. */
  load(id: string, options?: { tx?: unknown }): Promise<State>;
  /** How often a command handler was called. */
  calls(): number;
  /** Resolves when no snapshot is being written or checked any more. */
  settled(): Promise<void>;
};

/** What a counter may be made with. */
export type CounterOptions = {
  /** Keeps loaded counters in memory. */
  useCache?: boolean | "optimistic";
  /** Stores the total with every event. */
  persistAggregate?: boolean;
  /** Keeps snapshots of the total. */
  snapshot?: SnapshotOptions;
  /** What a value adds to the total. Default: itself. */
  weigh?: (value: number) => number;
  /** How often a command decides again. */
  retries?: number;
  /** The stream, if it is not to be a new one. */
  stream?: string;
  /** The provider, if it is not the one that is tested. */
  provider?: Provider<any>;
};

/** Makes a counter on the provider that is tested. */
export function createCounter(
  subject: Subject,
  options: CounterOptions = {},
): Counter {
  const {
    useCache = false,
    persistAggregate = false,
    snapshot,
    weigh = (value) => value,
    retries = 0,
    stream = subject.unique("stream"),
    provider = subject.provider,
  } = options;
  const aggregate = createAggregate({
    stream,
    create: (): Total => ({ total: 0 }),
    fold: (event: Added, { total }) => ({ total: total + weigh(event.value) }),
    version: "1",
    persistAggregate,
    ...snapshot && { snapshot },
  });
  const provide = persistAggregate
    ? createPersistedAggregate
    : createProvidedAggregate;
  const provided: ProvidedAggregate<Added, Total> = provide({
    ...aggregate,
    provider,
    useCache,
  });
  let calls = 0;
  const commands = createCommands(provided, {
    addAll(command: { values: number[] }) {
      calls++;
      return command.values.map((value) => ({ type: "Added", value }));
    },
    decide(command: { decision: (state: State) => unknown }, state) {
      calls++;
      return command.decision(state) as Added[];
    },
  }, { retries });
  return {
    stream,
    add: (id, value, options) =>
      commands.addAll(id, { values: [value] }, options),
    addAll: (id, values, options) => commands.addAll(id, { values }, options),
    decide: (id, decision, options) =>
      commands.decide(id, { decision }, options),
    load: (id, options) => provided.getAggregate(id, options),
    calls: () => calls,
    settled: async () => await provided.snapshots?.settled(),
  };
}

/** What a counter's events are. */
export function added(values: number[]): Added[] {
  return values.map((value) => ({ type: "Added", value }));
}
