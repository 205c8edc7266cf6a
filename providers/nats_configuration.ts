import type { NatsNames } from "./nats_names.ts";

/** How long a server knows the ids of messages, in nanoseconds. */
const DUPLICATE_WINDOW = 120_000_000_000;

/** A stream's configuration, as JetStream has it. */
export type Configuration = { name: string; [key: string]: any };

/** What `migrate` may be told of the streams. */
export type Sizes = { replicas: number; maxBytes?: number };

/** How the stream of commits must be. */
export function commitsConfiguration(
  { stream, commits, bell }: NatsNames,
  { replicas, maxBytes = -1 }: Sizes,
): Configuration {
  return {
    name: stream,
    description: "Commits of evtstore",
    subjects: [`${commits}>`],
    retention: "limits",
    storage: "file",
    // A full log refuses; it forgets nothing.
    discard: "new",
    num_replicas: replicas,
    max_age: 0,
    max_bytes: maxBytes,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    allow_direct: true,
    deny_delete: true,
    deny_purge: true,
    duplicate_window: DUPLICATE_WINDOW,
    republish: { src: `${commits}>`, dest: bell, headers_only: true },
  };
}

/** How the bucket of bookmarks and records must be: one of NATS's own sort. */
export function bucketConfiguration(
  { bucket, keys }: NatsNames,
  { replicas }: Sizes,
): Configuration {
  return {
    name: bucket,
    description: "Bookmarks and records of evtstore",
    subjects: [`${keys}>`],
    retention: "limits",
    storage: "file",
    discard: "new",
    num_replicas: replicas,
    max_age: 0,
    max_bytes: -1,
    max_msgs: -1,
    max_msgs_per_subject: 1,
    allow_direct: true,
    allow_rollup_hdrs: true,
    allow_msg_ttl: true,
    deny_delete: true,
    deny_purge: false,
    duplicate_window: DUPLICATE_WINDOW,
  };
}

/** How many servers, and how much room, are the operator's to choose. */
const CHOSEN = new Set(["description", "num_replicas", "max_bytes"]);

/** What would lose events, or tell of events that are not there. */
const FORBIDDEN = [
  "sealed",
  "mirror",
  "sources",
  "subject_transform",
  "no_ack",
  "template_owner",
];

/**
 * What is not as it must be, in words; nothing if all is.
 *
 * @param found As the server has it: what is off may be left out.
 */
export function differences(
  expected: Configuration,
  found: Configuration,
): string[] {
  const differing = Object.keys(expected).filter((key) =>
    !CHOSEN.has(key) && !isSame(expected[key], found[key])
  ).map((key) =>
    `${key} is ${JSON.stringify(found[key])} instead of ${
      JSON.stringify(expected[key])
    }`
  );
  const forbidden = FORBIDDEN.filter((key) => found[key])
    .map((key) => `it has ${key}`);
  // Since 2.12 a stream may acknowledge what it has not written.
  if (found.persist_mode === "async") forbidden.push("persist_mode is async");
  return [...differing, ...forbidden];
}

function isSame(expected: unknown, found: unknown): boolean {
  if (typeof expected === "object") {
    return JSON.stringify(sorted(expected)) === JSON.stringify(sorted(found));
  }
  if (expected === false || expected === 0) return !found;
  return expected === found;
}

function sorted(value: any): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
}
