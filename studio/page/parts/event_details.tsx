import type { JSX } from "preact";
import type { HandledAnswer, StudioEvent } from "../../api.ts";
import { ask } from "../ask.ts";
import { links } from "../links.ts";
import { useStudio } from "../studio.ts";
import { useQuery } from "../use_query.ts";
import { Json } from "./json.tsx";
import { Id, Text } from "./text.tsx";
import { Ago, Exact } from "./time.tsx";

/** All that is known of an event, and where to go from it. */
export function EventDetails(
  { event, isInAggregate = false }: {
    event: StudioEvent;
    isInAggregate?: boolean;
  },
): JSX.Element {
  const { stream, aggregateId, version, metadata, personal } = event;
  const correlationId = metadata?.["correlationId"];
  return (
    <div class="details">
      <nav class="row" aria-label="From this event">
        {!isInAggregate && (
          <a
            class="button is-small"
            href={links.aggregate(stream, aggregateId, version)}
          >
            Timeline at version {version}
          </a>
        )}
        <a
          class="button is-small"
          href={links.causation(stream, aggregateId, version)}
        >
          Causes and effects
        </a>
        {typeof correlationId === "string" && (
          <a
            class="button is-small"
            href={links.events({ text: correlationId })}
          >
            Same correlation
          </a>
        )}
      </nav>
      <div class="details-columns">
        <div>
          <h3>Payload</h3>
          <Json value={event.event} label="payload" />
          {personal && <Personal fields={personal} />}
        </div>
        <div>
          <h3>Stored</h3>
          <dl class="facts">
            <dt>Time</dt>
            <dd>
              <Exact at={event.timestamp} /> <Ago at={event.timestamp} />
            </dd>
            <dt>Position</dt>
            <dd>
              <Id value={event.position} label="position" />
            </dd>
            <dt>Aggregate</dt>
            <dd>
              <Id value={aggregateId} label="aggregate id" />
            </dd>
            <dt>Version</dt>
            <dd class="mono">{version}</dd>
          </dl>
          {metadata && Object.keys(metadata).length > 0 && (
            <>
              <h3>Metadata</h3>
              <Json value={metadata} label="metadata" />
            </>
          )}
          <Handled event={event} />
        </div>
      </div>
    </div>
  );
}

const STATES = {
  sealed: "is encrypted in the store, and not shown",
  forgotten: "was forgotten: its key is gone",
  open: "is encrypted in the store, and shown decrypted",
  unreadable: "is encrypted, and cannot be read",
};

function Personal(
  { fields }: { fields: NonNullable<StudioEvent["personal"]> },
): JSX.Element {
  return (
    <ul class="notes">
      {Object.entries(fields).map(([field, state]) => (
        <li key={field}>
          <code>
            <Text value={field} />
          </code>{" "}
          {STATES[state]}
        </li>
      ))}
    </ul>
  );
}

/** What the handlers whose code is known did with the event. */
export function Handled({ event }: { event: StudioEvent }): JSX.Element | null {
  const { overview } = useStudio();
  if (overview.handlers.length === 0) return null;
  return (
    <>
      <h3>Handlers</h3>
      <HandledList event={event} />
    </>
  );
}

/** The handlers of an event with what each did, in a row. */
export function HandledList({ event }: { event: StudioEvent }): JSX.Element {
  const { stream, aggregateId: id, version } = event;
  const parameters = { stream, id, version: String(version) };
  const { data, error } = useQuery(
    JSON.stringify(parameters),
    (signal) => ask<HandledAnswer>("handled", parameters, signal),
  );
  if (error) return <p class="quiet">{error.message}</p>;
  if (!data) return <p class="quiet">…</p>;
  if (data.handlers.length === 0) {
    return <p class="quiet">None that is known here has this stream.</p>;
  }
  return (
    <ul class="chips">
      {data.handlers.map(({ bookmark, state }) => (
        <li key={bookmark} class={`chip is-${state}`}>
          <a
            href={state === "parked"
              ? links.parked(bookmark)
              : links.handlers()}
          >
            <Text value={bookmark} />
          </a>{" "}
          {state}
        </li>
      ))}
    </ul>
  );
}
