import type { JSX } from "preact";
import type {
  HandlersAnswer,
  OverviewAnswer,
  StreamsAnswer,
} from "../../api.ts";
import { ask } from "../ask.ts";
import { links } from "../links.ts";
import { Icon } from "../parts/icon.tsx";
import { LiveTail } from "../parts/live_tail.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { StreamsTable } from "../parts/streams_table.tsx";
import { Id, shorten, Text } from "../parts/text.tsx";
import { Ago } from "../parts/time.tsx";
import { useStudio } from "../studio.ts";
import { count, span } from "../time.ts";
import { useQuery } from "../use_query.ts";
import { behind } from "./handlers.tsx";

const STREAMS_MS = 5000;
const HANDLERS_MS = 10_000;

/** What happens now, and what needs somebody. */
export function OverviewView(): JSX.Element {
  const { overview } = useStudio();
  const streams = useQuery(
    "streams",
    (signal) => ask<StreamsAnswer>("streams", {}, signal),
    STREAMS_MS,
  );
  const handlers = useQuery(
    "handlers",
    (signal) => ask<HandlersAnswer>("handlers", {}, signal),
    HANDLERS_MS,
  );
  return (
    <>
      <div class="title">
        <h1>Overview</h1>
        <p class="quiet">
          {overview.driver} · EvtStore {overview.libraryVersion}
          {overview.newest && (
            <>
              {" "}· newest event <Ago at={overview.newest.timestamp} />, at
              {" "}
              <Id value={overview.newest.position} label="newest position" />
            </>
          )}
        </p>
      </div>
      <Attention overview={overview} />
      <div class="columns">
        <div class="stack">
          <section class="panel" aria-labelledby="streams">
            <header>
              <h2 id="streams">Streams</h2>
              {streams.data && <Sample sample={streams.data.sample} />}
            </header>
            <Answer query={streams} what="streams">
              {(data) => <StreamsTable answer={data} />}
            </Answer>
          </section>
          <section class="panel" aria-labelledby="handlers">
            <header>
              <h2 id="handlers">Handlers</h2>
              <a href={links.handlers()}>Lag over time</a>
            </header>
            <Answer query={handlers} what="handlers">
              {(data) => <Handlers answer={data} />}
            </Answer>
          </section>
        </div>
        <LiveTail />
      </div>
    </>
  );
}

/** What holds the log or a handler back; nothing where all is well. */
function Attention({ overview }: { overview: OverviewAnswer }): JSX.Element {
  const { parked } = useStudio();
  const blockers = overview.horizon?.blockedBy ?? [];
  const waiting = parked.data?.parked.length ?? 0;
  return (
    <>
      {blockers.length > 0 && (
        <div class="notice is-warn">
          <Icon name="alert" />
          <p>
            <strong>Handlers wait for a writer that is not finished:</strong>
            {" "}
            {blockers.slice(0, 3).map(({ session, ageMs }) => (
              <span key={session} class="chip">
                <Text value={session} />
                {ageMs !== undefined && ` for ${span(ageMs / 1000)}`}
              </span>
            ))}
          </p>
        </div>
      )}
      {waiting > 0 && (
        <div class="notice is-bad">
          <Icon name="alert" />
          <p>
            <strong>
              {waiting}
              {parked.data!.more ? "+" : ""}{" "}
              {waiting === 1 ? "aggregate is" : "aggregates are"} parked.
            </strong>{" "}
            Their events wait, and read models lack what is in them.{" "}
            <a href={links.parked()}>See what failed</a>
          </p>
        </div>
      )}
    </>
  );
}

function Sample({ sample }: { sample: StreamsAnswer["sample"] }): JSX.Element {
  const { events, since, until } = sample;
  if (since === null) return <span class="quiet">no events</span>;
  const seconds = (Date.parse(until) - Date.parse(since)) / 1000;
  return (
    <span class="quiet">
      rates of the newest {count(events)} events, in{" "}
      {span(Math.max(1, seconds))}
    </span>
  );
}

function Handlers({ answer }: { answer: HandlersAnswer }): JSX.Element {
  if (answer.handlers.length === 0) {
    return (
      <Empty title="No handler has a bookmark yet">
        One stands here as soon as it has handled something.
      </Empty>
    );
  }
  const worst = answer.handlers.toSorted((one, two) =>
    two.parked - one.parked || two.lag.events - one.lag.events ||
    two.lag.seconds - one.lag.seconds
  );
  return (
    <ul class="lines">
      {worst.slice(0, 8).map((handler) => (
        <li key={handler.bookmark}>
          <span class="grow">
            <Text value={shorten(handler.bookmark, 60)} />
          </span>
          {handler.parked > 0 && (
            <a class="chip is-parked" href={links.parked(handler.bookmark)}>
              {handler.parked} parked
            </a>
          )}
          <span
            class={`chip ${
              handler.lag.events === 0 ? "is-handled" : "is-behind"
            }`}
          >
            {behind(handler)}
          </span>
        </li>
      ))}
      {worst.length > 8 && (
        <li>
          <a href={links.handlers()}>{worst.length - 8} more</a>
        </li>
      )}
    </ul>
  );
}
