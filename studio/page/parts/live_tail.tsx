import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { StudioEvent } from "../../api.ts";
import { links } from "../links.ts";
import { type Tail, useTail } from "../use_tail.ts";
import { Type } from "./event_table.tsx";
import { Icon } from "./icon.tsx";
import { Glance } from "./json.tsx";
import { Empty, Loading } from "./states.tsx";
import { StreamName } from "./stream_name.tsx";
import { shorten, Text } from "./text.tsx";
import { Clock } from "./time.tsx";

const SAY_EVERY_MS = 5000;

const STATES = {
  connecting: "Connecting …",
  live: "Live",
  paused: "Paused",
  lost: "Connection lost, trying again …",
};

/** Events as they are stored, newest first. */
export function LiveTail({ stream }: { stream?: string }): JSX.Element {
  const tail = useTail(stream);
  const { events, fresh, state, error, note, waiting, toggle } = tail;
  return (
    <section class="panel tail" aria-labelledby="tail">
      <header>
        <h2 id="tail">As it happens</h2>
        <span class={`pulse is-${state}`}>
          {STATES[state]}
          {waiting > 0 && `, ${waiting} new`}
        </span>
        <button
          type="button"
          class="button is-small"
          onClick={toggle}
          disabled={state === "connecting"}
        >
          <Icon name={state === "paused" ? "play" : "pause"} />
          {state === "paused" ? "Go on" : "Pause"}
        </button>
      </header>
      {error && (
        <p class="stale" role="alert">
          <Icon name="alert" /> {error}
        </p>
      )}
      {note && <p class="panel-note quiet">{note}</p>}
      {events.length > 0
        ? (
          <ol class="tail-list" tabIndex={0} aria-label="Newest events">
            {events.map((event) => (
              <Line
                key={event.position}
                event={event}
                isFresh={fresh.has(event.position)}
              />
            ))}
          </ol>
        )
        : state === "connecting"
        ? <Loading what="the newest events" />
        : (
          <Empty title="Nothing yet">
            New events appear here by themselves.
          </Empty>
        )}
      <Announcement tail={tail} />
    </section>
  );
}

function Line(
  { event, isFresh }: { event: StudioEvent; isFresh: boolean },
): JSX.Element {
  const { stream, aggregateId, version, type, timestamp } = event;
  return (
    <li class={isFresh ? "is-fresh" : undefined}>
      <Clock at={timestamp} />
      <span class="tail-what">
        <a href={links.aggregate(stream, aggregateId, version)}>
          <strong>
            <Type type={type} />
          </strong>
        </a>{" "}
        <span class="quiet">
          <StreamName stream={stream} link={false} />/
          <Text value={shorten(aggregateId, 48)} />@{version}
        </span>
        <Glance value={event.event} />
      </span>
    </li>
  );
}

/** Says now and then how many have come: each one would be too much to hear. */
function Announcement({ tail }: { tail: Tail }): JSX.Element {
  const [text, setText] = useState("");
  const unsaid = useRef(0);
  useEffect(() => {
    unsaid.current += tail.fresh.size;
  }, [tail.fresh]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (unsaid.current === 0) return;
      setText(`${unsaid.current} new events`);
      unsaid.current = 0;
    }, SAY_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return <p class="unseen-label" aria-live="polite">{text}</p>;
}
