import type { JSX } from "preact";
import type { AggregateAnswer, AggregateEvent } from "../../api.ts";
import { ask } from "../ask.ts";
import { links, type Route } from "../links.ts";
import { Timeline } from "../parts/timeline.tsx";
import { EventDetails } from "../parts/event_details.tsx";
import { Type } from "../parts/event_table.tsx";
import { StateAt } from "../parts/state_at.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { StreamName } from "../parts/stream_name.tsx";
import { Id } from "../parts/text.tsx";
import { useQuery } from "../use_query.ts";
import { replace } from "../use_route.ts";
import { VersionSlider } from "../parts/version_slider.tsx";

const PAGE = 100;
const VERSION_MS = 10_000;

/** One aggregate: what happened to it, and what it was at every version. */
export function AggregateView({ route }: { route: Route }): JSX.Element {
  const [stream = "", id = ""] = route.parts;
  const head = useQuery(
    JSON.stringify([stream, id]),
    (signal) =>
      ask<AggregateAnswer>("aggregate", { stream, id, limit: "1" }, signal),
    VERSION_MS,
  );
  return (
    <>
      <div class="title">
        <h1 class="is-subject">
          <StreamName stream={stream} />
          <span class="quiet">/</span>
          <Id value={id} label="aggregate id" />
        </h1>
        {head.data && head.data.version > 0 && (
          <p class="quiet">
            {head.data.name && `${head.data.name} · `}version{" "}
            {head.data.version} ·{" "}
            <a href={links.events({ stream, aggregate: id })}>As a list</a>
          </p>
        )}
      </div>
      <Answer query={head} what="the aggregate">
        {({ version }) =>
          version === 0
            ? (
              <div class="panel">
                <Empty title="There is no such aggregate">
                  No event of this stream has this id. Ids are found as they are
                  written, with upper and lower case.
                </Empty>
              </div>
            )
            : (
              <TimeTravel
                stream={stream}
                id={id}
                version={version}
                at={versionOf(route, version)}
              />
            )}
      </Answer>
    </>
  );
}

function versionOf({ query }: Route, version: number): number {
  const at = Number.parseInt(query.get("at") ?? "", 10);
  return Number.isNaN(at) ? version : Math.min(Math.max(at, 0), version);
}

function TimeTravel(
  { stream, id, version, at }: {
    stream: string;
    id: string;
    version: number;
    at: number;
  },
): JSX.Element {
  const after = Math.floor(Math.max(at - 1, 0) / PAGE) * PAGE;
  const page = useQuery(
    `${after} ${Math.min(after + PAGE, version)}`,
    (signal) =>
      ask<AggregateAnswer>("aggregate", {
        stream,
        id,
        after: String(after),
        limit: String(PAGE),
      }, signal),
  );
  const show = (wanted: number): void =>
    replace(links.aggregate(
      stream,
      id,
      Math.min(Math.max(wanted, 0), version),
    ));
  const selected = page.data?.events.find((event) => event.version === at);
  return (
    <>
      <VersionSlider
        version={version}
        at={at}
        event={selected}
        onChange={show}
      />
      <Answer query={page} what={`versions ${after + 1} and later`}>
        {(answer) => (
          <div class="columns is-travel">
            <Timeline
              events={answer.events}
              at={at}
              version={version}
              onSelect={show}
            />
            <div class="stack">
              <StateAt answer={answer} at={at} event={selected} />
              {selected && <Selected event={selected} />}
            </div>
          </div>
        )}
      </Answer>
    </>
  );
}

function Selected({ event }: { event: AggregateEvent }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="selected">
      <header>
        <h2 id="selected">
          <Type type={event.type} />{" "}
          <span class="quiet">version {event.version}</span>
        </h2>
      </header>
      <EventDetails event={event} isInAggregate />
    </section>
  );
}
