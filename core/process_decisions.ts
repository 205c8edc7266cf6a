import { toMs } from "./duration.ts";
import { StoreError } from "./errors.ts";
import type { Event } from "./event.ts";
import { REACTED } from "./process_history.ts";
import type {
  ProcessCommands,
  ProcessContext,
  ProcessDecision,
  TimerDue,
} from "./process_reactions.ts";
import { checkEvent, checkJson, checkName } from "./validation.ts";

/** The last moment that a `Date` can be. */
const LAST_MS = 8.64e15;

/** What a reaction decided: events of the process, and what is to be done. */
export type Decided = { events: Event[]; decisions: ProcessDecision[] };

/** What decisions may be about. */
export type Deciding = {
  /** The name of the process manager, for messages. */
  name: string;
  /** The commands that may be sent. */
  commands: ProcessCommands;
  /** The names of the timers. */
  timers: readonly string[];
  /** The time, in milliseconds since 1970. */
  now(): number;
};

/**
 * The context of one reaction, and what checks its answer. A decision that was
 * made and not returned would be lost without a word, so it is an error.
 */
export function deciding(
  { name, commands, timers, now }: Deciding,
  known: { id: string; state: object },
): {
  context: ProcessContext<any, any, any>;
  decided(answer: unknown): Decided;
} {
  const made = new Set<unknown>();
  const note = (decision: ProcessDecision) => {
    made.add(decision);
    return decision;
  };
  const send = Object.fromEntries(
    Object.entries(commands).map(([group, members]) => [
      group,
      Object.fromEntries(
        Object.keys(members).map((member) => [
          member,
          (aggregateId: string, body: unknown) =>
            note(sending(`${group}.${member}`, aggregateId, body)),
        ]),
      ),
    ]),
  );
  const checkTimer = (timer: string) => {
    if (timers.includes(timer)) return;
    throw invalid(
      "timers",
      `Process manager "${name}" has no timer "${timer}": add it to "timers"`,
    );
  };
  return {
    context: {
      ...known,
      send,
      setTimer(timer: string, due: TimerDue) {
        checkTimer(timer);
        return note({ decision: "set", timer, at: dueAt(due, now()) });
      },
      cancelTimer(timer: string) {
        checkTimer(timer);
        return note({ decision: "cancel", timer });
      },
      end: () => note({ decision: "end" }),
    },
    decided(answer) {
      const returned = answer === undefined || answer === null
        ? []
        : Array.isArray(answer)
        ? answer
        : [answer];
      const decisions: ProcessDecision[] = [];
      const events: Event[] = [];
      for (const one of returned) {
        if (made.delete(one)) decisions.push(one);
        else events.push(one);
      }
      if (made.size > 0) {
        const [lost] = made;
        throw invalid(
          "reaction",
          `A reaction of process manager "${name}" made a decision and did not return it: ${
            JSON.stringify(lost)
          }`,
        );
      }
      events.forEach((event, index) => checkOwn(name, event, index));
      return { events, decisions };
    },
  };
}

function sending(
  command: string,
  aggregateId: string,
  body: unknown,
): ProcessDecision {
  checkName("aggregateId", aggregateId);
  checkJson("body", body);
  // A repeat sends what was stored: the first time must send the same.
  const text = JSON.stringify(body ?? {}, function (key, value) {
    if (value === this[key]) return value;
    throw invalid(
      "body",
      `Cannot send ${command}: body.${key} would be read back as another type; give text or a number`,
    );
  });
  return { decision: "send", command, aggregateId, body: JSON.parse(text) };
}

function dueAt(due: TimerDue, now: number): number {
  const at = "after" in due
    ? now + toMs("after", due.after)
    : due.at instanceof Date
    ? due.at.getTime()
    : NaN;
  if (Math.abs(at) <= LAST_MS) return Math.max(0, at);
  throw invalid(
    "after" in due ? "after" : "at",
    "Expected a timer to be due after a duration, or at a valid Date",
  );
}

function checkOwn(name: string, event: unknown, index: number): void {
  const isDecision = typeof event === "object" && event !== null &&
    "decision" in event;
  if (isDecision) {
    throw invalid(
      "reaction",
      `A reaction of process manager "${name}" returned a decision twice, or one that its own context did not make`,
    );
  }
  checkEvent(`events[${index}]`, event);
  if (event.type !== REACTED) return;
  throw invalid(
    `events[${index}].type`,
    `Expected an event of process manager "${name}" to have another type than "${REACTED}", which is kept for what it decided`,
  );
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
