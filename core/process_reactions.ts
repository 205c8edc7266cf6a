import type { Aggregate } from "./aggregate.ts";
import type { Duration } from "./duration.ts";
import type { Event, EventMeta, Ext } from "./event.ts";

/**
 * The commands that a process may send, in groups: what `createCommands`
 * returned, or functions of one's own of the same shape, which get the
 * `commandId` as the key that makes a repeated request the same one.
 */
export type ProcessCommands = {
  [group: string]: {
    [command: string]: (
      aggregateId: string,
      body: any,
      options?: any,
    ) => Promise<unknown>;
  };
};

/** What a command is called with. */
export type ProcessCommandBody<F> = F extends
  (aggregateId: string, body: infer B, ...rest: any[]) => any ? B : never;

/** Something that a reaction decides; made by its {@linkcode ProcessContext}. */
export type ProcessDecision =
  | {
    /** A command is sent. */
    readonly decision: "send";
    /** Its group and its name. */
    readonly command: string;
    /** To which aggregate. */
    readonly aggregateId: string;
    /** What it is called with. */
    readonly body: unknown;
  }
  | {
    /** A timer is set, in place of one of the same name. */
    readonly decision: "set";
    /** Its name. */
    readonly timer: string;
    /** When it is due, in milliseconds since 1970. */
    readonly at: number;
  }
  | {
    /** A timer is cancelled, if it is set. */
    readonly decision: "cancel";
    /** Its name. */
    readonly timer: string;
  }
  | {
    /** The process is over. */
    readonly decision: "end";
  };

/** What a reaction returns: events of the process, and decisions. */
export type ProcessDecisions<E extends Event> =
  | E
  | ProcessDecision
  | readonly (E | ProcessDecision)[]
  | void;

/** Makes the decision to send a command, for each that may be sent. */
export type ProcessSend<C extends ProcessCommands> = {
  readonly [G in keyof C]: {
    readonly [K in keyof C[G]]: (
      aggregateId: string,
      body: ProcessCommandBody<C[G][K]>,
    ) => ProcessDecision;
  };
};

/** When a timer is due. */
export type TimerDue =
  | {
    /** So long after the decision. */
    after: Duration;
  }
  | {
    /** At this time, or at once if it is over. */
    at: Date;
  };

/** What a reaction decides on, and with. */
export type ProcessContext<
  A extends Aggregate,
  C extends ProcessCommands,
  T extends string,
> = {
  /** Which process. */
  readonly id: string;
  /** What its own events have folded into. */
  readonly state: A;
  /** The commands that it may send. What they return is to be returned. */
  readonly send: ProcessSend<C>;
  /**
   * Sets a timer, in place of one of the same name. It fires once, soon after
   * it is due and everything that is stored is handled.
   */
  setTimer(name: T, due: TimerDue): ProcessDecision;
  /** Cancels a timer, if it is set. */
  cancelTimer(name: T): ProcessDecision;
  /** Ends the process: its timers are cancelled, and later events ignored. */
  end(): ProcessDecision;
};

/** Of what a reaction to an event knows beside that. */
export type EventContext<
  A extends Aggregate,
  C extends ProcessCommands,
  T extends string,
> = ProcessContext<A, C, T> & {
  /** Where and when the event was stored. */
  readonly meta: EventMeta;
};

/** A command that its handler refused with a `CommandError`. */
export type RefusedCommand<Body = any> = {
  /** The aggregate that it was sent to. */
  readonly aggregateId: string;
  /** What it was called with. */
  readonly body: Body;
  /** The `code` of the error, if it had one. */
  readonly code?: string;
  /** Its message. */
  readonly message: string;
};

/** A timer that fired. */
export type FiredTimer = {
  /** When it was due. */
  readonly at: Date;
};

/** What a reaction may return, now or later. */
export type Reacting<E extends Event> =
  | ProcessDecisions<E>
  | Promise<ProcessDecisions<E>>;

/** Which process an event belongs to; undefined if to none. */
export type Correlate<E> = (
  event: E,
  aggregateId: string,
  meta: EventMeta,
) => string | undefined;

/** Registers reactions to events of one stream. */
export type RegisterReactions<
  Body,
  C extends ProcessCommands,
  E extends Event,
  A extends Aggregate,
  T extends string,
> = <S extends keyof Body & string, K extends TypeOf<Body[S]>>(
  stream: S,
  by: Correlate<EventOf<Body[S], K>>,
  reactions: {
    [Type in K]: (
      event: EventOf<Body[S], Type>,
      process: EventContext<A, C, T>,
    ) => Reacting<E>;
  },
) => void;

/** The types of events. */
export type TypeOf<E> = E extends Event ? E["type"] : never;

/** The events of some types. */
export type EventOf<E, K> = E extends Event
  ? K extends E["type"] ? Ext<E, K> : never
  : never;
