import type { JSX } from "preact";
import { links } from "../links.ts";
import { shorten, Text } from "./text.tsx";

/** The name of a stream with its colour, which is the same in every view. */
export function StreamName(
  { stream, link = true }: { stream: string; link?: boolean },
): JSX.Element {
  const name = (
    <>
      <span class={`dot hue-${hueOf(stream)}`} aria-hidden="true" />
      <Text value={shorten(stream, 60)} />
    </>
  );
  return link
    ? <a class="stream" href={links.events({ stream })}>{name}</a>
    : <span class="stream">{name}</span>;
}

/** One of eight colours; names beside one another rarely have the same. */
export function hueOf(name: string): number {
  let sum = 7;
  for (let index = 0; index < name.length; index++) {
    sum = (sum * 31 + name.charCodeAt(index)) >>> 0;
  }
  return sum % 8;
}
