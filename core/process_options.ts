import type { Aggregate, Fold, ProvidedAggregate } from "./aggregate.ts";
import type { Event } from "./event.ts";
import type { DomainHandlerOpts } from "./handler_options.ts";
import type { ProcessCommands } from "./process_reactions.ts";

/** Any aggregate of a domain, as a source of events. */
export type ProcessSource = ProvidedAggregate<any, any, any, any>;

/** The events of each stream of a process. */
export type ProcessEvents<S extends readonly ProcessSource[]> = {
  [P in S[number] as P["stream"]]: P extends
    ProvidedAggregate<infer E, any, any, any> ? E : never;
};

/** Options of {@linkcode createProcess}. */
export type ProcessOptions<
  S extends readonly ProcessSource[],
  C extends ProcessCommands,
  E extends Event,
  A extends Aggregate,
  T extends string,
> =
  & Pick<DomainHandlerOpts, "tailStream" | "retry" | "poll" | "checkpoint">
  & {
    /** The name of its bookmark. */
    name: string;
    /** The stream of its own events. Default: its name. */
    stream?: string;
    /** A new and empty state. */
    create?: () => A;
    /** What one of its own events changes in its state. */
    fold?: Fold<E, A>;
    /** The aggregates whose events it reacts to, all of one provider. */
    streams: S;
    /** The commands that it may send, in groups. */
    commands: C;
    /** The names of its timers. Default: none. */
    timers?: readonly T[];
    /**
     * What to do about an event whose reaction fails, or a command of it: hold
     * everything, or park what belongs to the event's aggregate. Default:
     * `"pause"`.
     */
    onFailure?: "pause" | "park";
  };
