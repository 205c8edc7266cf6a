import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { DiscardAnswer, RetryAnswer, StudioParked } from "../../api.ts";
import { send } from "../ask.ts";
import { links } from "../links.ts";
import type { ParkedGroup } from "../parked_groups.ts";
import { say } from "../say.ts";
import { useStudio } from "../studio.ts";
import { AggregateName } from "./aggregate_name.tsx";
import { Icon } from "./icon.tsx";
import { DiscardDialog, RetryDialog } from "./parked_dialogs.tsx";
import { LongText, shorten, Text } from "./text.tsx";
import { Ago } from "./time.tsx";

const MANY = 25;

type Asked = { kind: "retry" | "discard"; members: StudioParked[] };
type Outcome = { isBad: boolean; text: string };

/** What failed at the same, with what may be done about each. */
export function ParkedPanel(
  { group, reload }: { group: ParkedGroup; reload: () => void },
): JSX.Element {
  const { overview } = useStudio();
  const { bookmark, error, members } = group;
  const [limit, setLimit] = useState(MANY);
  const [asked, setAsked] = useState<Asked>();
  const [progress, setProgress] = useState<string>();
  const [outcome, setOutcome] = useState<Outcome>();
  const isShown = useRef(true);
  useEffect(() => () => {
    isShown.current = false;
  }, []);

  const run = async (work: () => Promise<Outcome>): Promise<void> => {
    setAsked(undefined);
    setOutcome(undefined);
    setProgress("Working …");
    const result = await work().catch((error: Error) => ({
      isBad: true,
      text: error.message,
    }));
    setProgress(undefined);
    setOutcome(result);
    say(result.text);
    reload();
  };
  const retry = (some: StudioParked[]): Promise<void> =>
    run(async () => {
      let all = 0;
      for (const [index, one] of some.entries()) {
        if (!isShown.current) break;
        if (some.length > 1) setProgress(`${index + 1} of ${some.length} …`);
        const { stream, aggregateId } = one;
        const target = { bookmark, stream, aggregateId };
        const { handled, failure } = await send<RetryAnswer>("retry", target);
        all += handled;
        if (!failure) continue;
        const text = `${shorten(aggregateId, 40)} failed again: ${
          shorten(failure.message, 200)
        }`;
        return { isBad: true, text };
      }
      return { isBad: false, text: `${events(all)} handled` };
    });
  const discard = (one: StudioParked, version: number): Promise<void> =>
    run(async () => {
      const { stream, aggregateId } = one;
      const body = { bookmark, stream, aggregateId, version };
      const { discarded } = await send<DiscardAnswer>("discard", body);
      return { isBad: false, text: `${events(discarded)} given up` };
    });

  const canChange = overview.write && members.every((one) => one.canRetry);
  return (
    <section class="panel parked">
      <header>
        <h2>
          <Text value={shorten(bookmark, 60)} />{" "}
          <span class="chip is-parked">{members.length} parked</span>
        </h2>
        {canChange && members.length > 1 && (
          <span class="row">
            {progress && <span class="quiet">{progress}</span>}
            <button
              type="button"
              class="button is-small is-main"
              disabled={progress !== undefined}
              onClick={() => setAsked({ kind: "retry", members })}
            >
              Retry all
            </button>
          </span>
        )}
      </header>
      <div class="parked-why">
        <p class="failure">
          <Icon name="alert" />
          <span>
            <strong>{shorten(error?.name ?? "Error", 60)}</strong>{" "}
            <LongText value={error?.message ?? "What failed is not known"} />
          </span>
        </p>
        {error?.stack && (
          <details>
            <summary>Stack of the first</summary>
            <pre class="mono stack-trace" tabIndex={0}><LongText
              value={error.stack}
              limit={4000}
            /></pre>
          </details>
        )}
        {overview.write && !canChange && (
          <p class="quiet">
            To retry or discard, the studio needs the handler's code: name a
            config file that has it.
          </p>
        )}
        {outcome && (
          <p class={`outcome${outcome.isBad ? " is-bad" : ""}`}>
            <Text value={outcome.text} />
          </p>
        )}
      </div>
      <ul class="lines parked-list">
        {members.slice(0, limit).map((one) => (
          <ParkedLine
            key={JSON.stringify([one.stream, one.aggregateId])}
            parked={one}
            canChange={canChange}
            isBusy={progress !== undefined}
            onAsk={(kind) => setAsked({ kind, members: [one] })}
          />
        ))}
        {members.length > limit && (
          <li>
            <button
              type="button"
              class="button is-small"
              onClick={() => setLimit(limit * 4)}
            >
              {members.length - limit} more
            </button>
          </li>
        )}
      </ul>
      {asked?.kind === "retry" && (
        <RetryDialog
          members={asked.members}
          onConfirm={() => retry(asked.members)}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked?.kind === "discard" && (
        <DiscardDialog
          parked={asked.members[0]!}
          onConfirm={(version) => discard(asked.members[0]!, version)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </section>
  );
}

function ParkedLine(
  { parked, canChange, isBusy, onAsk }: {
    parked: StudioParked;
    canChange: boolean;
    isBusy: boolean;
    onAsk: (kind: Asked["kind"]) => void;
  },
): JSX.Element {
  const { stream, aggregateId, version, lastVersion, failures } = parked;
  const name = shorten(aggregateId, 40);
  return (
    <li>
      <span class="parked-what">
        <AggregateName {...{ stream, aggregateId, version }} />
      </span>
      <span class="quiet grow">
        <Ago at={parked.at} />
        {failures > 1 && ` · failed ${failures} times`}
        {lastVersion > version &&
          ` · ${events(lastVersion - version)} behind it`}
      </span>
      <span class="row">
        <a
          class="button is-small"
          href={links.causation(stream, aggregateId, version)}
          aria-label={`Causes and effects of ${name}`}
        >
          Causes
        </a>
        {canChange && (
          <>
            <button
              type="button"
              class="button is-small"
              disabled={isBusy}
              aria-label={`Retry ${name}`}
              onClick={() => onAsk("retry")}
            >
              Retry
            </button>
            <button
              type="button"
              class="button is-small is-danger"
              disabled={isBusy}
              aria-label={`Discard ${name}`}
              onClick={() => onAsk("discard")}
            >
              Discard
            </button>
          </>
        )}
      </span>
    </li>
  );
}

/** "1 event" */
function events(number: number): string {
  return number === 1 ? "1 event" : `${number} events`;
}
