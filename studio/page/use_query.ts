import { useCallback, useEffect, useRef, useState } from "preact/hooks";

/** What is known of a question asked of the server. */
export type Query<T> = {
  /** The newest answer; kept while the next is on its way. */
  data: T | undefined;
  /** Why the last try failed; gone with the next answer. */
  error: Error | undefined;
  /** Asks again now. */
  reload: () => void;
};

/**
 * Asks when shown, whenever `key` changes, and again every `everyMs`, though not
 * while nobody looks at the page.
 */
export function useQuery<T>(
  key: string,
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs?: number,
): Query<T> {
  const [answer, setAnswer] = useState<
    { key: string; data?: T; error?: Error }
  >({ key });
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;

  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsked = false;
    let isRunning = false;
    const run = async (): Promise<void> => {
      if (isRunning) return;
      isRunning = true;
      if (!document.hidden || !isAsked) {
        isAsked = true;
        try {
          const data = await latest.current(controller.signal);
          if (controller.signal.aborted) return;
          setAnswer({ key, data });
        } catch (error) {
          if (controller.signal.aborted) return;
          setAnswer((before) => ({
            ...before.key === key ? before : { key },
            error: error as Error,
          }));
        }
      }
      isRunning = false;
      if (everyMs !== undefined) timer = setTimeout(run, everyMs);
    };
    const onLook = (): void => {
      if (document.hidden || everyMs === undefined) return;
      clearTimeout(timer);
      run();
    };
    run();
    document.addEventListener("visibilitychange", onLook);
    return () => {
      document.removeEventListener("visibilitychange", onLook);
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, everyMs, turn]);

  const isCurrent = answer.key === key;
  return {
    data: isCurrent ? answer.data : undefined,
    error: isCurrent ? answer.error : undefined,
    reload: useCallback(() => setTurn((before) => before + 1), []),
  };
}
