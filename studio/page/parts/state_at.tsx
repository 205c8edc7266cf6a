import type { JSX } from "preact";
import type {
  AggregateAnswer,
  AggregateEvent,
  Json as JsonValue,
  StateAnswer,
  StateChange,
} from "../../api.ts";
import { ask } from "../ask.ts";
import { useQuery } from "../use_query.ts";
import { Json, type Marks } from "./json.tsx";
import { Failure, Loading } from "./states.tsx";
import { LongText, Text } from "./text.tsx";

/** The state that `fold` gives at a version, and what its event has changed. */
export function StateAt(
  { answer, at, event }: {
    answer: AggregateAnswer;
    at: number;
    event: AggregateEvent | undefined;
  },
): JSX.Element {
  return (
    <section class="panel" aria-labelledby="state">
      <header>
        <h2 id="state">
          State <span class="quiet">at version {at}</span>
        </h2>
        {event?.changes && (
          <span class="quiet">
            {event.changes.length === 0
              ? "unchanged by its event"
              : `${event.changes.length} changed`}
          </span>
        )}
      </header>
      {answer.name === null
        ? (
          <p class="state-hint quiet">
            What these events amount to is known to the code of the application:
            start the studio with a config file that has its{" "}
            <code>domain</code>, and its state stands here at every version.
          </p>
        )
        : <Known answer={answer} at={at} event={event} />}
    </section>
  );
}

function Known(
  { answer, at, event }: {
    answer: AggregateAnswer;
    at: number;
    event: AggregateEvent | undefined;
  },
): JSX.Element {
  if (event?.failure) {
    return (
      <div class="state is-bad">
        <strong>The fold of {answer.name} has thrown at this event</strong>
        <p>
          <LongText value={event.failure.message} />
        </p>
        <code>{event.failure.code}</code>
      </div>
    );
  }
  const state = at === 0 ? answer.before : event?.state;
  return (
    <div class="details">
      {event?.changes && event.changes.length > 0 && (
        <Changes changes={event.changes} />
      )}
      {state === undefined
        ? <Asked answer={answer} at={at} />
        : <Json value={state} label="state" marks={marksOf(event?.changes)} />}
    </div>
  );
}

/** A state that the answer with the events had no room for. */
function Asked(
  { answer, at }: { answer: AggregateAnswer; at: number },
): JSX.Element {
  const { stream, aggregateId: id } = answer;
  const { data, error, reload } = useQuery(
    JSON.stringify([stream, id, at]),
    (signal) =>
      ask<StateAnswer>("state", { stream, id, version: String(at) }, signal),
  );
  if (error) return <Failure error={error} reload={reload} />;
  if (!data) return <Loading what="the state" />;
  if (data.failure) {
    return (
      <p class="state is-bad">
        An earlier event made the fold throw: {data.failure.message}
      </p>
    );
  }
  return <Json value={data.state ?? null} label="state" />;
}

const MANY = 30;

function Changes({ changes }: { changes: StateChange[] }): JSX.Element {
  return (
    <ul class="changes mono" aria-label="What the event has changed">
      {changes.slice(0, MANY).map((change) => (
        <li key={JSON.stringify(change.path)}>
          <span class="change-path">
            <Text value={pathOf(change)} />
          </span>
          {change.before !== undefined && (
            <del>
              <LongText value={short(change.before)} limit={120} />
            </del>
          )}
          {change.after !== undefined && (
            <ins>
              <LongText value={short(change.after)} limit={120} />
            </ins>
          )}
        </li>
      ))}
      {changes.length > MANY && (
        <li class="quiet">and {changes.length - MANY} more</li>
      )}
    </ul>
  );
}

function short(value: JsonValue): string {
  return JSON.stringify(value);
}

/** "lines[2].quantity" */
function pathOf({ path }: StateChange): string {
  if (path.length === 0) return "the state";
  return path.map((part, index) =>
    typeof part === "number"
      ? `[${part}]`
      : /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(part)
      ? `${index > 0 ? "." : ""}${part}`
      : `[${JSON.stringify(part)}]`
  ).join("");
}

function marksOf(changes: StateChange[] = []): Marks {
  return new Map(changes.map(({ path, before }) => [
    JSON.stringify(path),
    before === undefined ? "added" : "changed",
  ]));
}
