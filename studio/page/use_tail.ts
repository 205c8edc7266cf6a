import { useEffect, useRef, useState } from "preact/hooks";
import type { EventsAnswer, StudioEvent, TailMessage } from "../api.ts";
import { ask } from "./ask.ts";
import { query } from "./links.ts";

/** The most events that are kept: older ones stand in the list of events. */
const KEPT = 100;
const SHOWN_AT_FIRST = 30;
const AGAIN_MS = 3000;

/** The newest events, and more as they come. */
export type Tail = {
  /** Newest first. */
  events: StudioEvent[];
  /** The positions of those that came after the page was opened. */
  fresh: ReadonlySet<string>;
  /** How many have come since it was stopped. */
  waiting: number;
  state: "connecting" | "live" | "paused" | "lost";
  /** What the server says is wrong. */
  error: string | undefined;
  /** What was left out. */
  note: string | undefined;
  /** Holds the list as it is, or lets it go on. */
  toggle: () => void;
};

/** Follows the log, of one stream or all. */
export function useTail(stream: string | undefined): Tail {
  const [shown, setShown] = useState<StudioEvent[]>([]);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const [waiting, setWaiting] = useState<StudioEvent[]>([]);
  const [state, setState] = useState<"connecting" | "live" | "lost">(
    "connecting",
  );
  const [error, setError] = useState<string>();
  const [note, setNote] = useState<string>();
  const [isPaused, setPaused] = useState(false);
  const paused = useRef(isPaused);
  paused.current = isPaused;

  useEffect(() => {
    const stop = new AbortController();
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last: string | undefined;
    let turn = 0;
    setShown([]);
    setWaiting([]);
    setState("connecting");

    const receive = (newest: StudioEvent[]): void => {
      const add = (before: StudioEvent[]) =>
        [...newest.toReversed(), ...before].slice(0, KEPT);
      if (paused.current) return setWaiting(add);
      setShown(add);
      setFresh(new Set(newest.map(({ position }) => position)));
    };
    const close = (): void => {
      turn++;
      clearTimeout(timer);
      source?.close();
    };
    const again = (): void => {
      close();
      setState("lost");
      timer = setTimeout(start, AGAIN_MS);
    };
    const start = async (): Promise<void> => {
      close();
      // A browser has few connections to a server, over all of its tabs.
      if (document.hidden) return;
      const own = turn;
      try {
        if (last === undefined) {
          const parameters = { stream, limit: String(SHOWN_AT_FIRST) };
          const { events } = await ask<EventsAnswer>(
            "events",
            parameters,
            stop.signal,
          );
          if (own !== turn) return;
          last = events[0]?.position;
          setShown(events);
        }
      } catch (error) {
        if (own !== turn) return;
        setError((error as Error).message);
        return again();
      }
      source = new EventSource(`/api/tail${query({ stream, from: last })}`);
      source.onopen = () => {
        setState("live");
        setError(undefined);
      };
      source.onmessage = ({ data }) => {
        const message = JSON.parse(data) as TailMessage;
        setError(message.kind === "error" ? message.error.message : undefined);
        if (message.kind === "skipped") {
          const { events, more } = message;
          setNote(`${events}${more ? "+" : ""} events came too fast to show`);
        } else if (message.kind === "events") {
          last = message.events.at(-1)?.position ?? last;
          receive(message.events);
        }
      };
      source.onerror = again;
    };
    start();
    document.addEventListener("visibilitychange", start);
    return () => {
      document.removeEventListener("visibilitychange", start);
      stop.abort();
      close();
    };
  }, [stream]);

  const toggle = (): void => {
    setPaused(!isPaused);
    if (!isPaused) return;
    setShown([...waiting, ...shown].slice(0, KEPT));
    setWaiting([]);
  };
  return {
    events: shown,
    fresh,
    waiting: waiting.length,
    state: isPaused && state === "live" ? "paused" : state,
    error,
    note,
    toggle,
  };
}
