import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ago, exact } from "../time.ts";

const ticks = new Set<(now: number) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Tells all who show a time, once a second, while somebody looks. */
function tick(): void {
  if (document.hidden) return;
  const now = Date.now();
  for (const show of ticks) show(now);
}

/** The time of this page, which goes on every second. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    ticks.add(setNow);
    timer ??= setInterval(tick, 1000);
    return () => {
      ticks.delete(setNow);
      if (ticks.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return now;
}

/** How long ago something was; the exact time stands in its title. */
export function Ago({ at }: { at: string }): JSX.Element {
  return (
    <time dateTime={at} title={exact(at)} class="quiet nowrap">
      {ago(at, useNow())}
    </time>
  );
}

/** The exact time, and how long ago that is. */
export function Exact({ at }: { at: string }): JSX.Element {
  const [day, hour] = exact(at).split(" ");
  return (
    <time dateTime={at} class="exact mono">
      <span class="quiet">{day}</span> {hour}
    </time>
  );
}

/** The exact time of today, or the day too. */
export function Clock({ at }: { at: string }): JSX.Element {
  const [day, hour] = exact(at).split(" ");
  const isToday = day === exact(Date.now()).split(" ")[0];
  return (
    <time dateTime={at} title={exact(at)} class="mono nowrap">
      {!isToday && <span class="quiet">{`${day} `}</span>}
      {hour ?? day}
    </time>
  );
}
