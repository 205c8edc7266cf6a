import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { say } from "../say.ts";
import { Icon } from "./icon.tsx";

/** Copies a text. */
export function CopyButton(
  { text, label }: { text: string; label: string },
): JSX.Element {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      say("Copied");
    } catch {
      say("The browser does not let this page copy");
    }
  };
  return (
    <button
      type="button"
      class={`copy${isDone ? " is-done" : ""}`}
      aria-label={label}
      title={label}
      onClick={copy}
    >
      <Icon name={isDone ? "check" : "copy"} />
    </button>
  );
}
