import type { JSX } from "preact";
import type { HandlersAnswer, StudioHandler } from "../../api.ts";
import { ask } from "../ask.ts";
import { links } from "../links.ts";
import { LagChart } from "../parts/lag_chart.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { Id, LongText, shorten, Text } from "../parts/text.tsx";
import { Ago } from "../parts/time.tsx";
import { count, span } from "../time.ts";
import { useQuery } from "../use_query.ts";

const HANDLERS_MS = 5000;

/** How far handlers are, and how that came to be. */
export function HandlersView(): JSX.Element {
  const query = useQuery(
    "handlers",
    (signal) => ask<HandlersAnswer>("handlers", {}, signal),
    HANDLERS_MS,
  );
  return (
    <>
      <div class="title">
        <h1>Handlers</h1>
        <p class="quiet">
          How far each is behind the end of the log, every 5 seconds.
        </p>
      </div>
      <Answer query={query} what="handlers">
        {(answer) =>
          answer.handlers.length === 0
            ? (
              <div class="panel">
                <Empty title="No handler has a bookmark yet">
                  A handler stands here as soon as it has handled something, or
                  when a config file names it.
                </Empty>
              </div>
            )
            : (
              <>
                <LagChart samples={answer.samples} />
                <Table handlers={answer.handlers} />
              </>
            )}
      </Answer>
    </>
  );
}

/** How far a handler is behind, in words. */
export function behind({ lag }: StudioHandler): string {
  if (lag.events === 0) return "up to date";
  return `${count(lag.events)}${lag.more ? "+" : ""} behind, ${
    span(lag.seconds)
  }`;
}

function Table({ handlers }: { handlers: StudioHandler[] }): JSX.Element {
  const isOfAll = handlers.some(({ lag }) =>
    lag.of === "all streams" && lag.events > 0
  );
  return (
    <section class="panel" aria-label="Handlers">
      <table class="handlers">
        <thead>
          <tr>
            <th scope="col">Handler</th>
            <th scope="col">Behind</th>
            <th scope="col">Position</th>
            <th scope="col">Owner</th>
            <th scope="col">Parked</th>
            <th scope="col">Last error</th>
          </tr>
        </thead>
        <tbody>
          {handlers.map((handler) => (
            <Row key={handler.bookmark} handler={handler} />
          ))}
        </tbody>
      </table>
      {isOfAll && (
        <p class="panel-note quiet">
          * Counted in all streams: which of them a handler has is known to its
          code. A config file with the handlers tells the studio.
        </p>
      )}
    </section>
  );
}

function Row({ handler }: { handler: StudioHandler }): JSX.Element {
  const { bookmark, position, lag, owner, parked, lastError } = handler;
  const isOfAll = lag.of === "all streams" && lag.events > 0;
  return (
    <tr>
      <th scope="row">
        <Text value={shorten(bookmark, 60)} />
      </th>
      <td>
        <span class={`chip ${lag.events === 0 ? "is-handled" : "is-behind"}`}>
          {behind(handler)}
          {isOfAll && " *"}
        </span>
      </td>
      <td data-label="Position">
        {position === null
          ? <span class="quiet">none yet</span>
          : <Id value={position} label="position" />}
      </td>
      <td data-label="Owner">
        {owner === null
          ? <span class="quiet">nobody</span>
          : <Id value={owner} label="owner" />}
      </td>
      <td data-label="Parked">
        {parked === 0
          ? <span class="quiet">none</span>
          : (
            <a class="chip is-parked" href={links.parked(bookmark)}>
              {parked} parked
            </a>
          )}
      </td>
      <td data-label="Last error" class="c-error">
        {lastError
          ? (
            <span>
              <LongText
                value={`${lastError.name}: ${lastError.message}`}
                limit={140}
              />{" "}
              <Ago at={lastError.at} />
            </span>
          )
          : <span class="quiet">none</span>}
      </td>
    </tr>
  );
}
