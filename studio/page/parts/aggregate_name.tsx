import type { JSX } from "preact";
import { links } from "../links.ts";
import { StreamName } from "./stream_name.tsx";
import { Id } from "./text.tsx";

/** "stream/id", or "stream/id@version": an aggregate, with a link to it. */
export function AggregateName(
  { stream, aggregateId, version, linksStream = true }: {
    stream: string;
    aggregateId: string;
    version?: number;
    /** Whether the stream is a link too. */
    linksStream?: boolean;
  },
): JSX.Element {
  return (
    <>
      <StreamName stream={stream} link={linksStream} />
      <span class="quiet">/</span>
      <Id
        value={aggregateId}
        label="aggregate id"
        link={links.aggregate(stream, aggregateId, version)}
      >
        {version !== undefined && <span class="quiet">@{version}</span>}
      </Id>
    </>
  );
}
