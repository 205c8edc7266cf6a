import type { ComponentChildren, JSX } from "preact";
import type { Query } from "../use_query.ts";
import { AskError } from "../ask.ts";
import { Icon } from "./icon.tsx";

/** Shown until the first answer is there. */
export function Loading({ what }: { what: string }): JSX.Element {
  return (
    <div class="state" role="status">
      <span class="bars" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      Reading {what} …
    </div>
  );
}

/** Shown where there is nothing: what that means, and what to do. */
export function Empty(
  { title, children }: { title: string; children?: ComponentChildren },
): JSX.Element {
  return (
    <div class="state">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

/** Shown where an answer failed. */
export function Failure(
  { error, reload }: { error: Error; reload?: () => void },
): JSX.Element {
  const code = error instanceof AskError ? error.code : error.name;
  return (
    <div class="state is-bad" role="alert">
      <strong>
        <Icon name="alert" /> {TITLES[code] ?? "That did not work"}
      </strong>
      <p>{error.message}</p>
      <p class="row">
        {reload && (
          <button type="button" class="button" onClick={reload}>
            Try again
          </button>
        )}
        <code>{code}</code>
      </p>
    </div>
  );
}

const TITLES: { [code: string]: string } = {
  UNAUTHORIZED: "This page may not ask",
  UNREACHABLE: "No answer",
  NOT_SUPPORTED: "This database does not have that",
  NOT_FOUND: "Not found",
  INVALID_INPUT: "The address asks for something impossible",
};

/** What a question has come to: one of the three above, or the answer. */
export function Answer<T>(
  { query, what, children }: {
    query: Query<T>;
    /** What is read: "streams". */
    what: string;
    children: (data: T) => ComponentChildren;
  },
): JSX.Element {
  const { data, error, reload } = query;
  return (
    <>
      {error && (data === undefined
        ? <Failure error={error} reload={reload} />
        : (
          <p class="stale" role="alert">
            <Icon name="alert" /> Not up to date: {error.message}
          </p>
        ))}
      {data === undefined ? !error && <Loading what={what} /> : children(data)}
    </>
  );
}
