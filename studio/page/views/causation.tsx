import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CausationAnswer, CausedCommand } from "../../api.ts";
import { ask } from "../ask.ts";
import { treeOf } from "../cause_tree.ts";
import { links, type Route } from "../links.ts";
import { CauseTree } from "../parts/cause_tree.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { Id } from "../parts/text.tsx";
import { count } from "../time.ts";
import { useQuery } from "../use_query.ts";

/** What caused an event, and what it has caused. */
export function CausationView({ route }: { route: Route }): JSX.Element {
  const [stream, id, version] = route.parts;
  const parameters = {
    stream,
    id,
    version,
    correlationId: route.query.get("correlationId") ?? undefined,
    commandId: route.query.get("commandId") ?? undefined,
  };
  const key = JSON.stringify(parameters);
  return <Causation key={key} parameters={parameters} />;
}

function Causation(
  { parameters }: { parameters: { [name: string]: string | undefined } },
): JSX.Element {
  const [commands, setCommands] = useState<CausedCommand[]>([]);
  const [focus, setFocus] = useState<string | null>(null);
  const [read, setRead] = useState(0);
  const [from, setFrom] = useState<string>();
  const query = useQuery(
    String(from),
    (signal) =>
      ask<CausationAnswer>("causation", { ...parameters, from }, signal),
  );
  const { data } = query;
  useEffect(() => {
    if (!data) return;
    setCommands((before) => merge(before, data.commands));
    setFocus((before) => before ?? data.focus);
    setRead((before) => before + data.scanned);
  }, [data]);
  const roots = treeOf(commands);
  return (
    <>
      <div class="title">
        <h1>Causes and effects</h1>
        {data?.correlationId != null && (
          <p class="quiet">
            correlation <Id value={data.correlationId} label="correlation id" />
          </p>
        )}
      </div>
      <section class="panel" aria-label="Commands and their events">
        {roots.length > 0 && (
          <CauseTree roots={roots} focus={focus} total={commands.length} />
        )}
        <Answer query={query} what="what belongs together">
          {({ next }) => (
            <>
              {commands.length === 0 && data?.commands.length === 0 && (
                <Empty title="No event belongs to this">
                  What belongs together has the same <code>correlationId</code>
                  {" "}
                  in its metadata, which commands of this library give on.{" "}
                  <a href={links.events()}>Look among the events</a>
                </Empty>
              )}
              <footer class="row">
                <span class="quiet grow">{count(read)} events read</span>
                {next === null
                  ? <span class="quiet">The end of the log</span>
                  : (
                    <button
                      type="button"
                      class="button"
                      onClick={() => setFrom(next)}
                    >
                      Look further in the log
                    </button>
                  )}
              </footer>
            </>
          )}
        </Answer>
      </section>
    </>
  );
}

function merge(
  before: CausedCommand[],
  newer: CausedCommand[],
): CausedCommand[] {
  const all = new Map(before.map((command) => [command.key, command]));
  for (const command of newer) all.set(command.key, command);
  return [...all.values()];
}
