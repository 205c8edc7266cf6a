import type { JSX } from "preact";
import type { EventsAnswer } from "../../api.ts";
import { ask } from "../ask.ts";
import { links, type Query, type Route } from "../links.ts";
import { EventFilters } from "../parts/event_filters.tsx";
import { EventTable } from "../parts/event_table.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { count } from "../time.ts";
import { useQuery } from "../use_query.ts";

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
      <EventFilters
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
