import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "./copy_button.tsx";

/** What cannot be seen, or turns around what stands beside it. */
const UNSEEN =
  // deno-lint-ignore no-control-regex
  /([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff])/u;
const SHORT = 300;

/** A text of the store as it is: what cannot be seen in it is written out. */
export function Text({ value }: { value: string }): JSX.Element {
  const parts = value.split(UNSEEN);
  if (parts.length === 1) return <bdi>{value}</bdi>;
  return (
    <bdi>
      {parts.map((part, index) =>
        index % 2 === 0
          ? part
          : <span key={index} class="unseen">{escaped(part)}</span>
      )}
    </bdi>
  );
}

/** The same, cut at first where it is long. */
export function LongText(
  { value, limit = SHORT }: { value: string; limit?: number },
): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  if (value.length <= limit * 1.5 || isWhole) return <Text value={value} />;
  return (
    <>
      <Text value={value.slice(0, limit).toWellFormed()} />
      <button type="button" class="more" onClick={() => setWhole(true)}>
        … all {value.length} characters
      </button>
    </>
  );
}

/** An id or a position, in a line, with a button that copies it. */
export function Id(
  { value, label, link, children }: {
    value: string;
    /** What it is, for the button: "position". */
    label: string;
    link?: string;
    children?: ComponentChildren;
  },
): JSX.Element {
  const text = <Text value={shorten(value)} />;
  const title = value.length > ID ? value.slice(0, 500) : undefined;
  return (
    <span class="id">
      {link
        ? <a class="mono" href={link} title={title}>{text}{children}</a>
        : <span class="mono" title={title}>{text}{children}</span>}
      <CopyButton text={value} label={`Copy ${label}`} />
    </span>
  );
}

const ID = 120;

/** The first part of an id that is longer than anybody reads. */
export function shorten(text: string, limit: number = ID): string {
  return text.length > limit
    ? `${text.slice(0, limit - 13).toWellFormed()}…${
      text.slice(-12).toWellFormed()
    }`
    : text;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
