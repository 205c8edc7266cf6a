import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { AggregateEvent } from "../../api.ts";
import { Type } from "./event_table.tsx";
import { Glance } from "./json.tsx";
import { Clock } from "./time.tsx";

/** The events of an aggregate by version; arrow keys go from one to the next. */
export function Timeline(
  { events, at, version, onSelect }: {
    events: AggregateEvent[];
    /** The version that is shown. */
    at: number;
    /** The newest version. */
    version: number;
    onSelect: (version: number) => void;
  },
): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const element = list.current!;
    const current = element.querySelector<HTMLElement>("[aria-current]");
    if (!current) return;
    // Only the list is scrolled: scrollIntoView would move the page as well.
    const { offsetTop, offsetHeight } = current;
    const { scrollTop, clientHeight } = element;
    if (offsetTop < scrollTop) element.scrollTop = offsetTop;
    else if (offsetTop + offsetHeight > scrollTop + clientHeight) {
      element.scrollTop = offsetTop + offsetHeight - clientHeight;
    }
    if (element.contains(document.activeElement)) {
      current.focus({ preventScroll: true });
    }
  }, [at, events]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const target =
      { ArrowUp: at - 1, ArrowDown: at + 1, Home: 1, End: version }[
        event.key
      ];
    if (target === undefined) return;
    event.preventDefault();
    onSelect(Math.min(Math.max(target, 1), version));
  };
  const first = events[0]?.version ?? 0;
  const last = events.at(-1)?.version ?? 0;
  return (
    <section class="panel timeline" aria-labelledby="timeline">
      <header>
        <h2 id="timeline">Timeline</h2>
        {(first > 1 || last < version) && (
          <span class="row">
            <button
              type="button"
              class="button is-small"
              disabled={first <= 1}
              onClick={() => onSelect(first - 1)}
            >
              Earlier
            </button>
            <span class="quiet mono">{first}–{last}</span>
            <button
              type="button"
              class="button is-small"
              disabled={last >= version}
              onClick={() => onSelect(last + 1)}
            >
              Later
            </button>
          </span>
        )}
      </header>
      <ol ref={list} class="timeline-list" onKeyDown={onKeyDown}>
        {events.map((event) => (
          <li key={event.version}>
            <button
              type="button"
              aria-current={event.version === at ? "step" : undefined}
              class={event.version > at ? "is-later" : undefined}
              onClick={() => onSelect(event.version)}
            >
              <span class="mono quiet timeline-version">{event.version}</span>
              <span class="timeline-what">
                <span>
                  <strong>
                    <Type type={event.type} />
                  </strong>
                  {event.failure && (
                    <>
                      {" "}
                      <span class="chip is-parked">fold failed</span>
                    </>
                  )}
                </span>
                <Clock at={event.timestamp} />
                <Glance value={event.event} />
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
