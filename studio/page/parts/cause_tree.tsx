import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { CausedCommand } from "../../api.ts";
import type { CauseNode } from "../cause_tree.ts";
import { links } from "../links.ts";
import { useStudio } from "../studio.ts";
import { AggregateName } from "./aggregate_name.tsx";
import { HandledList } from "./event_details.tsx";
import { Type } from "./event_table.tsx";
import { Icon } from "./icon.tsx";
import { Glance } from "./json.tsx";
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
      <Nodes nodes={roots} shared={shared} isInner={false} />
    </div>
  );
}

function Nodes(
  { nodes, shared, isInner }: {
    nodes: CauseNode[];
    shared: Shared;
    isInner: boolean;
  },
): JSX.Element {
  const [limit, setLimit] = useState(MANY);
  return (
    <ul>
      {nodes.slice(0, limit).map((node) => (
        <li key={node.command.key}>
          <Command node={node} shared={shared} isInner={isInner} />
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

/** A command with what it has stored; `isInner` where its cause stands above it. */
function Command(
  { node, shared, isInner }: {
    node: CauseNode;
    shared: Shared;
    isInner: boolean;
  },
): JSX.Element {
  const { stream, aggregateId, commandId, cause } = node.command;
  return (
    <div class="command">
      <div class="node is-command">
        <span class="kind">Command</span>
        <span class="node-what">
          <AggregateName {...{ stream, aggregateId }} />
          {commandId !== null && (
            <span class="quiet nobreak">
              id <Id value={commandId} label="command id" />
            </span>
          )}
          {cause !== null && !isInner && (
            <span class="quiet nobreak">
              because of <Text value={shorten(cause, 60)} />
            </span>
          )}
        </span>
      </div>
      {node.command.events.map((event) => (
        <Stored
          key={event.key}
          event={event}
          caused={node.effects.get(event.key) ?? []}
          shared={shared}
        />
      ))}
    </div>
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
  const { stream, aggregateId, version } = event;
  return (
    <>
      <div
        ref={place}
        class={`node is-event${isFocus ? " is-focus" : ""}`}
        aria-current={isFocus ? "true" : undefined}
      >
        <span class="kind">Event</span>
        <span class="node-what">
          <a href={links.aggregate(stream, aggregateId, version)}>
            <strong>
              <Type type={event.type} />
            </strong>
          </a>{" "}
          <span class="mono quiet">@{version}</span>{" "}
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
        <div class="effects">
          <p class="tree-note quiet">
            <Icon name="tree" /> {caused.length === 1
              ? "A handler of it sent a command"
              : `Handlers of it sent ${caused.length} commands`}
          </p>
          <Nodes nodes={caused} shared={shared} isInner />
        </div>
      )}
    </>
  );
}
