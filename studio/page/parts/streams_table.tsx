import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { StreamRate, StreamsAnswer } from "../../api.ts";
import { links } from "../links.ts";
import { count } from "../time.ts";
import { Type } from "./event_table.tsx";
import { Sparkline } from "./sparkline.tsx";
import { Empty } from "./states.tsx";
import { hueOf, StreamName } from "./stream_name.tsx";
import { shorten } from "./text.tsx";
import { Ago } from "./time.tsx";

const MANY = 25;

/** The streams with how much happens in each, the busiest first. */
export function StreamsTable(
  { answer }: { answer: StreamsAnswer },
): JSX.Element {
  const [limit, setLimit] = useState(MANY);
  if (answer.streams.length === 0) {
    return (
      <Empty title="No events yet">
        As soon as a command stores its first event, its stream stands here.
      </Empty>
    );
  }
  const busiest = answer.streams.toSorted((one, two) =>
    two.recent - one.recent
  );
  const hidden = busiest.length - limit;
  return (
    <>
      <table class="streams">
        <thead>
          <tr>
            <th scope="col">Stream</th>
            <th scope="col" class="c-spark">Activity</th>
            <th scope="col" class="number">Events a minute</th>
            <th scope="col">Newest event</th>
          </tr>
        </thead>
        <tbody>
          {busiest.slice(0, limit).map((stream) => (
            <StreamRow key={stream.stream} stream={stream} />
          ))}
        </tbody>
      </table>
      {hidden > 0 && (
        <footer class="panel-note">
          <button
            type="button"
            class="button is-small"
            onClick={() => setLimit(limit * 10)}
          >
            {hidden} more
          </button>
        </footer>
      )}
    </>
  );
}

function StreamRow({ stream: rate }: { stream: StreamRate }): JSX.Element {
  const { stream, buckets, perMinute, newest } = rate;
  return (
    <tr>
      <th scope="row">
        <StreamName stream={stream} />
      </th>
      <td class="c-spark">
        <Sparkline buckets={buckets} hue={hueOf(stream)} />
      </td>
      <td class="number c-rate">
        {rateOf(perMinute)}
        <span class="narrow-only">/min</span>
      </td>
      <td class="c-newest">
        {newest
          ? (
            <>
              <a
                href={links.aggregate(stream, newest.aggregateId)}
                title={shorten(newest.aggregateId)}
              >
                <Type type={newest.type} />
              </a>{" "}
              <Ago at={newest.timestamp} />
            </>
          )
          : <span class="quiet">–</span>}
      </td>
    </tr>
  );
}

function rateOf(perMinute: number): string {
  if (perMinute === 0) return "0";
  if (perMinute < 0.01) return "< 0.01";
  return perMinute < 10
    ? perMinute.toFixed(perMinute < 1 ? 2 : 1)
    : count(Math.round(perMinute));
}
