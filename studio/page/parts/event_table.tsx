import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { StudioEvent } from "../../api.ts";
import { AggregateName } from "./aggregate_name.tsx";
import { EventDetails } from "./event_details.tsx";
import { Icon } from "./icon.tsx";
import { Glance } from "./json.tsx";
import { Id, shorten, Text } from "./text.tsx";
import { Ago, Clock } from "./time.tsx";

/** Events as a table, of which each row opens; a list of cards on a phone. */
export function EventTable(
  { events, label }: { events: StudioEvent[]; label: string },
): JSX.Element {
  return (
    <table class="events" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen-label">Open</span>
          </th>
          <th scope="col">Time</th>
          <th scope="col">Type</th>
          <th scope="col">Aggregate</th>
          <th scope="col">Payload</th>
          <th scope="col" class="number">Position</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => <Row key={event.position} event={event} />)}
      </tbody>
    </table>
  );
}

function Row({ event }: { event: StudioEvent }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { stream, aggregateId, version, type, timestamp, position } = event;
  const toggle = (): void => setOpen(!isOpen);
  const onRow = ({ target }: MouseEvent): void => {
    // What is in the row keeps what it does, and a text can be selected.
    const isOther = (target as Element).closest("a, button");
    if (!isOther && String(getSelection()) === "") toggle();
  };
  return (
    <>
      <tr class={isOpen ? "is-open" : undefined} onClick={onRow}>
        <td class="c-open">
          <button
            type="button"
            class="opener"
            aria-expanded={isOpen}
            aria-label={`Details of ${shorten(type, 60)} at ${position}`}
            onClick={toggle}
          >
            <Icon name="next" />
          </button>
        </td>
        <td class="c-time">
          <Clock at={timestamp} /> <Ago at={timestamp} />
        </td>
        <td class="c-type">
          <strong>
            <Type type={type} />
          </strong>
        </td>
        <td class="c-aggregate">
          <AggregateName {...{ stream, aggregateId, version }} />
        </td>
        <td class="c-glance">
          <Glance value={event.event} />
        </td>
        <td class="c-position number">
          <Id value={position} label="position" />
        </td>
      </tr>
      {isOpen && (
        <tr class="details-row">
          <td colSpan={6}>
            <EventDetails event={event} />
          </td>
        </tr>
      )}
    </>
  );
}

/** The type of an event; what is none says so. */
export function Type({ type }: { type: string }): JSX.Element {
  return type === ""
    ? <em class="quiet">no type</em>
    : <Text value={shorten(type, 48)} />;
}
