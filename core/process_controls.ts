import type { Aggregate } from "./aggregate.ts";
import type { Event } from "./event.ts";
import type { HandlerControls } from "./handler_options.ts";
import type { HandlerStatus } from "./handler_status.ts";
import type {
  FiredTimer,
  ProcessCommandBody,
  ProcessCommands,
  ProcessContext,
  Reacting,
  RefusedCommand,
  RegisterReactions,
} from "./process_reactions.ts";

/** One process as it is now. */
export type ProcessInstance<A extends Aggregate> = {
  /** Which one. */
  id: string;
  /** What its own events have folded into. */
  state: A;
  /** Whether it is over. */
  ended: boolean;
  /** When its timers are due. */
  timers: { [name: string]: Date };
};

/** How a process manager is doing. */
export type ProcessStatus = HandlerStatus & {
  /** Its timers. */
  timers: {
    /** When the earliest is due, or was; absent if none is set. */
    next?: Date;
    /** How many are due and did not fire yet; counted to 1,000. */
    overdue: number;
  };
};

/** What every process manager can be told and asked; see also {@linkcode Process}. */
export type ProcessControls<A extends Aggregate> =
  & Omit<HandlerControls, "status">
  & {
    /** The stream of its own events. */
    readonly stream: string;
    /** One process as it is now; undefined if it never began. */
    get: (id: string) => Promise<ProcessInstance<A> | undefined>;
    /**
     * Handles everything that is new and fires the timers that are due, started
     * or not, and whoever owns the bookmark.
     *
     * @returns How many events it saw.
     * @throws What a reaction or a command of it threw.
     */
    runOnce: () => Promise<number>;
    /** How it is doing, its timers included. */
    status: () => Promise<ProcessStatus>;
  };

/** A process manager; {@linkcode createProcess} makes it. */
export type Process<
  Body,
  C extends ProcessCommands,
  E extends Event,
  A extends Aggregate,
  T extends string,
> = ProcessControls<A> & {
  /**
   * Registers reactions to events that begin a process. It goes on with one
   * that has begun already, unless that is over.
   *
   * @param stream A stream of the process manager.
   * @param by Which process an event belongs to; undefined if to none.
   * @param reactions What to decide, by the type of the event.
   * @throws {StoreError} `INVALID_INPUT` for a type that has a reaction.
   */
  startsOn: RegisterReactions<Body, C, E, A, T>;
  /**
   * Registers reactions to events of a process that has begun. Those of one
   * that has not, or is over, are ignored.
   *
   * @param stream A stream of the process manager.
   * @param by Which process an event belongs to; undefined if to none.
   * @param reactions What to decide, by the type of the event.
   * @throws {StoreError} `INVALID_INPUT` for a type that has a reaction.
   */
  on: RegisterReactions<Body, C, E, A, T>;
  /**
   * Registers the reaction to a timer.
   *
   * @param name The timer.
   * @param reaction What to decide when it fires.
   */
  onTimer: (
    name: T,
    reaction: (
      timer: FiredTimer,
      process: ProcessContext<A, C, T>,
    ) => Reacting<E>,
  ) => void;
  /**
   * Registers reactions to commands that are refused with a `CommandError`.
   * Where there is none, the error is a failure: see `onFailure`.
   *
   * @param group The group of the commands.
   * @param reactions What to decide, by the name of the command.
   */
  onRefused: <G extends keyof C & string>(
    group: G,
    reactions: {
      [K in keyof C[G]]?: (
        refused: RefusedCommand<ProcessCommandBody<C[G][K]>>,
        process: ProcessContext<A, C, T>,
      ) => Reacting<E>;
    },
  ) => void;
};
