import type { JSX } from "preact";
import type { StudioEvent } from "../../api.ts";
import { Icon } from "./icon.tsx";
import { Type } from "./event_table.tsx";
import { Exact } from "./time.tsx";

/** Moves through the versions of an aggregate; arrow keys move it too. */
export function VersionSlider(
  { version, at, event, onChange }: {
    /** The newest version. */
    version: number;
    /** The one that is shown; 0 is before the first event. */
    at: number;
    /** The event that made it. */
    event: StudioEvent | undefined;
    onChange: (version: number) => void;
  },
): JSX.Element {
  return (
    <section class="panel slider" aria-label="Time travel">
      <button
        type="button"
        class="button is-icon"
        aria-label="One version back"
        disabled={at === 0}
        onClick={() => onChange(at - 1)}
      >
        <Icon name="previous" />
      </button>
      <input
        type="range"
        min={0}
        max={version}
        value={at}
        aria-label="Version"
        aria-valuetext={at === 0
          ? "before the first event"
          : `${at} of ${version}${event ? `, ${event.type}` : ""}`}
        onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
      />
      <button
        type="button"
        class="button is-icon"
        aria-label="One version forward"
        disabled={at === version}
        onClick={() => onChange(at + 1)}
      >
        <Icon name="next" />
      </button>
      <div class="slider-place">
        <p>
          <strong class="mono">
            {at}
            <span class="quiet">/{version}</span>
          </strong>{" "}
          {at === 0
            ? <span class="quiet">before the first event</span>
            : event && (
              <>
                <Type type={event.type} /> <Exact at={event.timestamp} />
              </>
            )}
        </p>
        <button
          type="button"
          class="button is-small"
          disabled={at === version}
          onClick={() => onChange(version)}
        >
          Newest
        </button>
      </div>
    </section>
  );
}
