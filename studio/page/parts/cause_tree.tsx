import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { CausedCommand } from "../../api.ts";
import type { CauseNode } from "../cause_tree.ts";
import { links } from "../links.ts";
import { useStudio } from "../studio.ts";
import { HandledList } from "./event_details.tsx";
import { Type } from "./event_table.tsx";
import { Icon } from "./icon.tsx";
import { Glance } from "./json.tsx";
import { StreamName } from "./stream_name.tsx";
import { Id, shorten, Text } from "./text.tsx";
import { Clock } from "./time.tsx";

/** The handlers of that many events are asked for without being told to. */
const FEW = 20;
const MANY = 100;

type Shared = { focus: string | null; asksHandlers: boolean };

/** Commands, what each has stored, and what handlers have sent because of it. */
export function CauseTree(
  { roots, focus, total }: {
    roots: CauseNode[];
    /** The key of the event that was asked for. */
    focus: string | null;
    /** How many commands there are in all. */
    total: number;
  },
): JSX.Element {
  const { overview } = useStudio();
  const isFew = total <= FEW;
  const [asks, setAsks] = useState(false);
  const hasHandlers = overview.handlers.length > 0;
  const shared = { focus, asksHandlers: hasHandlers && (isFew || asks) };
  return (
    <div class="tree">
      {hasHandlers && !isFew && !asks && (
        <button
          type="button"
          class="button is-small"
          onClick={() => setAsks(true)}
        >
          Show what handlers did
        </button>
      )}
      <Nodes nodes={roots} shared={shared} />
    </div>
  );
}

function Nodes(
  { nodes, shared }: { nodes: CauseNode[]; shared: Shared },
): JSX.Element {
  const [limit, setLimit] = useState(MANY);
  return (
    <ul>
      {nodes.slice(0, limit).map((node) => (
        <li key={node.command.key}>
          <Command node={node} shared={shared} />
        </li>
      ))}
      {nodes.length > limit && (
        <li>
          <button
            type="button"
            class="more"
            onClick={() => setLimit(limit + MANY)}
          >
            … {nodes.length - limit} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Command(
  { node, shared }: { node: CauseNode; shared: Shared },
): JSX.Element {
  const { stream, aggregateId, commandId, cause } = node.command;
  return (
    <>
      <div class="node is-command">
        <span class="kind">Command</span>
        <span class="node-what">
          <StreamName stream={stream} />
          <span class="quiet">/</span>
          <Id
            value={aggregateId}
            label="aggregate id"
            link={links.aggregate(stream, aggregateId)}
          />
          {commandId !== null && (
            <span class="quiet">
              id <Id value={commandId} label="command id" />
            </span>
          )}
          {cause !== null && <Cause cause={cause} />}
        </span>
      </div>
      <ul>
        {node.command.events.map((event) => (
          <li key={event.key}>
            <Stored
              event={event}
              caused={node.effects.get(event.key) ?? []}
              shared={shared}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

/** What sent a command, where no branch of the tree shows it. */
function Cause({ cause }: { cause: string }): JSX.Element {
  return (
    <span class="quiet cause">
      because of <Text value={shorten(cause, 60)} />
    </span>
  );
}

function Stored(
  { event, caused, shared }: {
    event: CausedCommand["events"][number];
    caused: CauseNode[];
    shared: Shared;
  },
): JSX.Element {
  const isFocus = event.key === shared.focus;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isFocus) place.current!.scrollIntoView({ block: "nearest" });
  }, [isFocus]);
  return (
    <>
      <div
        ref={place}
        class={`node is-event${isFocus ? " is-focus" : ""}`}
        aria-current={isFocus ? "true" : undefined}
      >
        <span class="kind">Event</span>
        <span class="node-what">
          <a
            href={links.aggregate(
              event.stream,
              event.aggregateId,
              event.version,
            )}
          >
            <strong>
              <Type type={event.type} />
            </strong>
          </a>{" "}
          <span class="mono quiet">@{event.version}</span>{" "}
          <Clock at={event.timestamp} />
          <Glance value={event.event} />
        </span>
      </div>
      {shared.asksHandlers && (
        <div class="node is-handlers">
          <span class="kind">Handlers</span>
          <HandledList event={event} />
        </div>
      )}
      {caused.length > 0 && (
        <>
          <p class="tree-note quiet">
            <Icon name="tree" /> a handler of it sent
          </p>
          <Nodes nodes={caused} shared={shared} />
        </>
      )}
    </>
  );
}
