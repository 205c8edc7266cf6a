import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { EventsAnswer, StreamsAnswer } from "../../api.ts";
import { ask } from "../ask.ts";
import { Icon } from "../parts/icon.tsx";
import { links, type Query, type Route } from "../links.ts";
import { EventTable } from "../parts/event_table.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { count } from "../time.ts";
import { useQuery } from "../use_query.ts";
import { go } from "../use_route.ts";

const FILTERS = ["stream", "aggregate", "type", "since", "until", "text"];

/** The log, filtered, a page at a time. */
export function EventsView({ route }: { route: Route }): JSX.Element {
  const given: Query = Object.fromEntries(route.query);
  const filter: Query = Object.fromEntries(
    FILTERS.map((name) => [name, given[name]]),
  );
  const isOldest = given["order"] === "oldest";
  const order = isOldest ? "oldest" : undefined;
  const { from } = given;
  const parameters = { ...filter, order, from };
  const query = useQuery(
    JSON.stringify(parameters),
    (signal) => ask<EventsAnswer>("events", parameters, signal),
  );
  const isFiltered = FILTERS.some((name) => filter[name]);
  return (
    <>
      <div class="title">
        <h1>Events</h1>
        <p class="quiet">
          {isOldest ? "Oldest" : "Newest"} first.{" "}
          <a
            href={links.events({
              ...filter,
              order: isOldest ? undefined : "oldest",
            })}
          >
            Show the {isOldest ? "newest" : "oldest"} first
          </a>
        </p>
      </div>
      <Filters
        key={JSON.stringify(filter)}
        filter={filter}
        order={order}
        isFiltered={isFiltered}
      />
      <section class="panel" aria-label="Found events">
        <Answer query={query} what="events">
          {({ events, next, scanned }) => (
            <>
              {events.length > 0
                ? <EventTable events={events} label="Events" />
                : (
                  <Nothing
                    isFiltered={isFiltered}
                    isFrom={from !== undefined}
                    scanned={scanned}
                    hasMore={next !== null}
                  />
                )}
              <footer class="row">
                <button
                  type="button"
                  class="button"
                  disabled={from === undefined}
                  onClick={() => history.back()}
                >
                  Back
                </button>
                {from !== undefined && (
                  <a class="button" href={links.events({ ...filter, order })}>
                    {isOldest ? "Oldest" : "Newest"}
                  </a>
                )}
                <span class="quiet grow is-centred">
                  {isFiltered && `${count(scanned)} events read`}
                </span>
                {next !== null
                  ? (
                    <a
                      class="button is-main"
                      href={links.events({ ...filter, order, from: next })}
                    >
                      {isOldest ? "Newer" : "Older"}
                    </a>
                  )
                  : <span class="quiet">The end of the log</span>}
              </footer>
            </>
          )}
        </Answer>
      </section>
    </>
  );
}

function Nothing(
  { isFiltered, isFrom, scanned, hasMore }: {
    isFiltered: boolean;
    isFrom: boolean;
    scanned: number;
    hasMore: boolean;
  },
): JSX.Element {
  if (hasMore) {
    return (
      <Empty title={`None in ${count(scanned)} events`}>
        A filter that no index knows reads the log in steps. Go on to search
        further.
      </Empty>
    );
  }
  if (!isFiltered) {
    return (
      <Empty title={isFrom ? "Nothing beyond this place" : "No events yet"} />
    );
  }
  return (
    <Empty title="No event is like that">
      Types and ids must be written as they are stored; text is found in any
      case.
    </Empty>
  );
}

function Filters(
  { filter, order, isFiltered }: {
    filter: Query;
    order: string | undefined;
    isFiltered: boolean;
  },
): JSX.Element {
  const streams = useQuery(
    "streams",
    (signal) => ask<StreamsAnswer>("streams", {}, signal),
  );
  const [isOpen, setOpen] = useState(isFiltered);
  const names = streams.data?.streams.map(({ stream }) => stream) ?? [];
  const chosen = filter["stream"];
  if (chosen && !names.includes(chosen)) names.unshift(chosen);
  const apply = (form: HTMLFormElement): void => {
    const fields = new FormData(form);
    const text = (name: string): string =>
      String(fields.get(name) ?? "").trim();
    go(links.events({
      stream: String(fields.get("stream") ?? ""),
      aggregate: text("aggregate"),
      type: text("type"),
      since: toTime(text("since")),
      until: toTime(text("until")),
      text: text("text"),
      order,
    }));
  };
  return (
    <form
      class={`filters${isOpen ? "" : " is-closed"}`}
      aria-label="Filter"
      onSubmit={(event) => {
        event.preventDefault();
        apply(event.currentTarget);
      }}
    >
      <button
        type="button"
        class="button filters-opener"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        Filter <Icon name="open" />
      </button>
      <label>
        Stream
        <select
          name="stream"
          onChange={({ currentTarget }) => apply(currentTarget.form!)}
        >
          <option value="">All streams</option>
          {names.map((name) => (
            <option key={name} value={name} selected={name === chosen}>
              {name.slice(0, 80)}
            </option>
          ))}
        </select>
      </label>
      <Field name="aggregate" label="Aggregate id" filter={filter} />
      <Field name="type" label="Type" filter={filter} />
      <Field name="text" label="Text inside" filter={filter} />
      <Field name="since" label="From" filter={filter} isTime />
      <Field name="until" label="Until" filter={filter} isTime />
      <div class="row filters-end">
        <button type="submit" class="button is-main">Filter</button>
        {isFiltered && (
          <a class="button" href={links.events({ order })}>Clear</a>
        )}
      </div>
    </form>
  );
}

function Field(
  { name, label, filter, isTime = false }: {
    name: string;
    label: string;
    filter: Query;
    isTime?: boolean;
  },
): JSX.Element {
  const value = filter[name] ?? "";
  return (
    <label>
      {label}
      {isTime
        ? (
          <input
            name={name}
            type="datetime-local"
            step="1"
            defaultValue={toLocal(value)}
          />
        )
        : (
          <input
            name={name}
            defaultValue={value}
            autocomplete="off"
            spellcheck={false}
          />
        )}
    </label>
  );
}

/** A time of the reader's zone, as a field has it, as the server takes it. */
function toTime(local: string): string {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

function toLocal(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const shifted = date.getTime() - date.getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 19);
}
