import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Json as JsonValue } from "../../api.ts";
import { CopyButton } from "./copy_button.tsx";
import { LongText, Text } from "./text.tsx";

/** Shown at first of an object or a list. */
const MANY = 60;
const DEEP = 40;

/** Which places of a value are new, by their path as JSON. */
export type Marks = ReadonlyMap<string, "added" | "changed">;
type Path = readonly (string | number)[];

/** A value that JSON holds, a property a line; nothing of it is anything but text. */
export function Json(
  { value, label, marks }: {
    value: JsonValue;
    /** What it is, for the button that copies it: "payload". */
    label: string;
    marks?: Marks;
  },
): JSX.Element {
  return (
    <div class="json mono" role="group" aria-label={label}>
      <CopyButton
        text={JSON.stringify(value, undefined, 2)}
        label={`Copy ${label}`}
      />
      <Value value={value} path={[]} marks={marks} />
    </div>
  );
}

function Value(
  { value, path, marks }: {
    value: JsonValue;
    path: Path;
    marks: Marks | undefined;
  },
): JSX.Element {
  if (typeof value === "string") {
    return (
      <span class="j-text">
        "<LongText value={value} />"
      </span>
    );
  }
  if (value === null || typeof value !== "object") {
    return (
      <span class={value === null ? "j-null" : "j-plain"}>{String(value)}</span>
    );
  }
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return <span class="j-mark">{open + close}</span>;
  if (path.length > DEEP) return <span class="j-mark">{open}…{close}</span>;
  return (
    <>
      <span class="j-mark">{open}</span>
      <Lines entries={entries}>
        {([key, child], isLast) => {
          const at = [...path, isList ? Number(key) : key];
          const mark = marks?.get(JSON.stringify(at));
          return (
            <div key={key} class={`j-line${mark ? ` is-${mark}` : ""}`}>
              {!isList && (
                <>
                  <span class="j-key">
                    <Text value={key.slice(0, 200).toWellFormed()} />
                  </span>
                  <span class="j-mark">:</span>&#32;
                </>
              )}
              <Value value={child} path={at} marks={marks} />
              {!isLast && <span class="j-mark">,</span>}
            </div>
          );
        }}
      </Lines>
      <span class="j-mark">{close}</span>
    </>
  );
}

function Lines(
  { entries, children }: {
    entries: [string, JsonValue][];
    children: (
      entry: [string, JsonValue],
      isLast: boolean,
    ) => ComponentChildren;
  },
): JSX.Element {
  const [limit, setLimit] = useState(MANY);
  const hidden = entries.length - limit;
  return (
    <div class="j-lines">
      {entries.slice(0, limit).map((entry, index) =>
        children(entry, index === entries.length - 1)
      )}
      {hidden > 0 && (
        <button
          type="button"
          class="more"
          onClick={() => setLimit(limit * 10)}
        >
          … {hidden} more
        </button>
      )}
    </div>
  );
}

/** A value in one line, cut where it is long: a glance at it. */
export function Glance({ value }: { value: JsonValue }): JSX.Element {
  const text = glanceAt(value);
  return (
    <span class="glance mono">
      <Text value={text.slice(0, 200).toWellFormed()} />
    </span>
  );
}

/** The properties of an event beside its type: "owner: Ada, cents: 5". */
function glanceAt(value: JsonValue): string {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return JSON.stringify(value);
  }
  return Object.entries(value)
    .filter(([key]) => key !== "type")
    .map(([key, child]) => `${key}: ${JSON.stringify(child).slice(0, 80)}`)
    .join("  ");
}
