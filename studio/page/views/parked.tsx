import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { DiscardAnswer, RetryAnswer, StudioParked } from "../../api.ts";
import { send } from "../ask.ts";
import { links, type Route } from "../links.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { StreamName } from "../parts/stream_name.tsx";
import { Id, LongText, shorten, Text } from "../parts/text.tsx";
import { Ago, Exact } from "../parts/time.tsx";
import { say } from "../say.ts";
import { useStudio } from "../studio.ts";

const MANY = 50;

/** What handlers have given up for now, and what may be done about it. */
export function ParkedView({ route }: { route: Route }): JSX.Element {
  const { overview, parked } = useStudio();
  const [limit, setLimit] = useState(MANY);
  const bookmark = route.query.get("bookmark");
  return (
    <>
      <div class="title">
        <h1>Parked events</h1>
        {bookmark && (
          <p>
            of <Text value={shorten(bookmark, 60)} />{" "}
            <a href={links.parked()}>Show all</a>
          </p>
        )}
        {!overview.write && (
          <p class="quiet">
            To retry or discard, start the studio with <code>--write</code>.
          </p>
        )}
      </div>
      {!overview.capabilities.records
        ? (
          <Empty title="This database keeps no parked events">
            Its provider has no records.
          </Empty>
        )
        : (
          <Answer query={parked} what="parked events">
            {(answer) => {
              const found = answer.parked.filter((one) =>
                bookmark === null || one.bookmark === bookmark
              );
              if (found.length === 0) {
                return (
                  <div class="panel">
                    <Empty title="Nothing is parked">
                      Every event that a handler came to was handled.
                    </Empty>
                  </div>
                );
              }
              return (
                <>
                  <ul class="cards">
                    {found.slice(0, limit).map((one) => (
                      <ParkedCard
                        key={JSON.stringify([
                          one.bookmark,
                          one.stream,
                          one.aggregateId,
                        ])}
                        parked={one}
                        reload={parked.reload}
                      />
                    ))}
                  </ul>
                  {found.length > limit && (
                    <button
                      type="button"
                      class="button"
                      onClick={() => setLimit(limit + MANY)}
                    >
                      {found.length - limit} more
                      {answer.more ? ", and then some" : ""}
                    </button>
                  )}
                </>
              );
            }}
          </Answer>
        )}
    </>
  );
}

type Outcome = { isBad: boolean; text: string };

function ParkedCard(
  { parked, reload }: { parked: StudioParked; reload: () => void },
): JSX.Element {
  const { overview } = useStudio();
  const [asks, setAsks] = useState<"retry" | "discard">();
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const { bookmark, stream, aggregateId, version, lastVersion, error } = parked;
  const behind = lastVersion - version;

  const run = async (work: () => Promise<Outcome>): Promise<void> => {
    setAsks(undefined);
    setBusy(true);
    const result = await work().catch((error: Error) => ({
      isBad: true,
      text: error.message,
    }));
    setBusy(false);
    setOutcome(result);
    say(result.text);
    reload();
  };
  const target = { bookmark, stream, aggregateId };
  const retry = (): Promise<void> =>
    run(async () => {
      const { handled, failure } = await send<RetryAnswer>("retry", target);
      return failure
        ? { isBad: true, text: `Failed again: ${failure.message}` }
        : { isBad: false, text: `${events(handled)} handled` };
    });
  const discard = (upTo: number): Promise<void> =>
    run(async () => {
      const body = { ...target, version: upTo };
      const { discarded } = await send<DiscardAnswer>("discard", body);
      return { isBad: false, text: `${events(discarded)} given up` };
    });

  return (
    <li class="panel card">
      <header>
        <h2>
          <Text value={shorten(bookmark, 60)} />
        </h2>
        <span class="quiet">
          <Ago at={parked.at} />
        </span>
      </header>
      <p class="card-subject">
        <StreamName stream={stream} />
        <span class="quiet">/</span>
        <Id
          value={aggregateId}
          label="aggregate id"
          link={links.aggregate(stream, aggregateId, version)}
        >
          <span class="quiet">@{version}</span>
        </Id>
      </p>
      <p class="failure">
        <Icon name="alert" />
        <span>
          <strong>{error?.name ?? "Error"}</strong>{" "}
          <LongText value={error?.message ?? "not known"} />
        </span>
      </p>
      <dl class="facts is-inline">
        <dt>Failed for good</dt>
        <dd>{parked.failures}×</dd>
        <dt>Waiting behind it</dt>
        <dd>{behind === 0 ? "nothing" : events(behind)}</dd>
        <dt>Last at</dt>
        <dd>
          <Exact at={parked.at} />
        </dd>
        {parked.position !== undefined && (
          <>
            <dt>Position</dt>
            <dd>
              <Id value={parked.position} label="position" />
            </dd>
          </>
        )}
      </dl>
      {error?.stack && (
        <details>
          <summary>Stack</summary>
          <pre class="mono stack-trace" tabIndex={0}><LongText
            value={error.stack}
            limit={4000}
          /></pre>
        </details>
      )}
      <div class="row">
        {overview.write && (
          <>
            <button
              type="button"
              class="button is-main"
              disabled={isBusy || !parked.canRetry}
              onClick={() => setAsks("retry")}
            >
              {isBusy ? "Working …" : "Retry"}
            </button>
            <button
              type="button"
              class="button is-danger"
              disabled={isBusy}
              onClick={() => setAsks("discard")}
            >
              Discard
            </button>
          </>
        )}
        <a class="button" href={links.causation(stream, aggregateId, version)}>
          Causes and effects
        </a>
        {overview.write && !parked.canRetry && (
          <span class="quiet">
            Retry needs the handler's code: name a config file with it.
          </span>
        )}
      </div>
      {outcome && (
        <p class={`outcome${outcome.isBad ? " is-bad" : ""}`}>{outcome.text}</p>
      )}
      {asks === "retry" && (
        <Dialog
          title="Retry"
          confirm="Retry"
          onConfirm={retry}
          onClose={() => setAsks(undefined)}
        >
          <p>
            <strong>
              <Text value={shorten(bookmark, 60)} />
            </strong>{" "}
            handles {events(behind + 1)} again, from version {version}{" "}
            on, in this process and with its code.
          </p>
        </Dialog>
      )}
      {asks === "discard" && (
        <DiscardDialog
          parked={parked}
          onConfirm={discard}
          onClose={() => setAsks(undefined)}
        />
      )}
    </li>
  );
}

function DiscardDialog(
  { parked, onConfirm, onClose }: {
    parked: StudioParked;
    onConfirm: (upTo: number) => void;
    onClose: () => void;
  },
): JSX.Element {
  const { bookmark, version, lastVersion } = parked;
  const [upTo, setUpTo] = useState(version);
  return (
    <Dialog
      title="Discard"
      confirm="Discard"
      isDangerous
      onConfirm={() => onConfirm(upTo)}
      onClose={onClose}
    >
      <p>
        <strong>
          <Text value={shorten(bookmark, 60)} />
        </strong>{" "}
        will never handle what is discarded. The log keeps the events; what they
        mean to the read model must be put right by hand.
      </p>
      {lastVersion > version && (
        <fieldset>
          <legend>What is given up</legend>
          <label>
            <input
              type="radio"
              name="upTo"
              checked={upTo === version}
              onChange={() => setUpTo(version)}
            />
            The event that failed, version {version}
          </label>
          <label>
            <input
              type="radio"
              name="upTo"
              checked={upTo === lastVersion}
              onChange={() => setUpTo(lastVersion)}
            />
            All {lastVersion - version + 1}, up to version {lastVersion}
          </label>
        </fieldset>
      )}
    </Dialog>
  );
}

function events(number: number): string {
  return number === 1 ? "1 event" : `${number} events`;
}
