import type { JSX } from "preact";
import type { EventsAnswer, SearchAnswer } from "../../api.ts";
import { ask } from "../ask.ts";
import { links, type Route } from "../links.ts";
import { AggregateName } from "../parts/aggregate_name.tsx";
import { EventTable } from "../parts/event_table.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { StreamName } from "../parts/stream_name.tsx";
import { shorten, Text } from "../parts/text.tsx";
import { count } from "../time.ts";
import { useQuery } from "../use_query.ts";

/** What a text names, and where it stands inside of events. */
export function SearchView({ route }: { route: Route }): JSX.Element {
  const text = route.query.get("text") ?? "";
  if (text === "") {
    return (
      <>
        <h1>Search</h1>
        <Empty title="What do you look for?">
          The id of an aggregate,{" "}
          <code>stream/id@version</code>, a position, a type, or a text that
          stands in an event. Press <kbd>/</kbd> to type.
        </Empty>
      </>
    );
  }
  return <Found key={text} text={text} />;
}

function Found({ text }: { text: string }): JSX.Element {
  const named = useQuery(
    text,
    (signal) => ask<SearchAnswer>("search", { text }, signal),
  );
  const inside = useQuery(
    text,
    (signal) => ask<EventsAnswer>("events", { text, limit: "20" }, signal),
  );
  return (
    <>
      <div class="title">
        <h1>
          Search{" "}
          <span class="quiet">
            “<Text value={shorten(text)} />”
          </span>
        </h1>
      </div>
      <section class="panel" aria-labelledby="named">
        <header>
          <h2 id="named">By name</h2>
        </header>
        <Answer query={named} what="ids and positions">
          {(answer) => <Named answer={answer} />}
        </Answer>
      </section>
      <section class="panel" aria-labelledby="inside">
        <header>
          <h2 id="inside">Inside of events</h2>
          {inside.data && (
            <span class="quiet">{count(inside.data.scanned)} events read</span>
          )}
        </header>
        <Answer query={inside} what="events">
          {({ events, next, scanned }) => (
            <>
              {events.length > 0
                ? <EventTable events={events} label="Events with the text" />
                : (
                  <Empty
                    title={next === null
                      ? "No event has this text"
                      : `None of the newest ${count(scanned)} events has it`}
                  />
                )}
              {next !== null && (
                <footer class="row is-end">
                  <a class="button" href={links.events({ text, from: next })}>
                    Search further back
                  </a>
                </footer>
              )}
            </>
          )}
        </Answer>
      </section>
    </>
  );
}

function Named({ answer }: { answer: SearchAnswer }): JSX.Element {
  const { aggregates, streams, events } = answer;
  if (aggregates.length + streams.length + events.length === 0) {
    return (
      <Empty title="Nothing is called that">
        An id must be whole; of a stream a part is enough.
      </Empty>
    );
  }
  return (
    <>
      {aggregates.length > 0 && (
        <ul class="lines" aria-label="Aggregates">
          {aggregates.map(({ stream, aggregateId, version }) => (
            <li key={`${stream}/${aggregateId}`}>
              <span class="kind">Aggregate</span>
              <span class="grow">
                <AggregateName
                  {...{ stream, aggregateId }}
                  linksStream={false}
                />
              </span>
              <span class="quiet">version {version}</span>
            </li>
          ))}
        </ul>
      )}
      {streams.length > 0 && (
        <ul class="lines" aria-label="Streams">
          {streams.map((stream) => (
            <li key={stream}>
              <span class="kind">Stream</span>
              <StreamName stream={stream} />
            </li>
          ))}
        </ul>
      )}
      {events.length > 0 && <EventTable events={events} label="Named events" />}
    </>
  );
}
