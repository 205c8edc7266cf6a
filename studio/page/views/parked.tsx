import type { JSX } from "preact";
import { links, type Route } from "../links.ts";
import { groupParked } from "../parked_groups.ts";
import { ParkedPanel } from "../parts/parked_panel.tsx";
import { Answer, Empty } from "../parts/states.tsx";
import { shorten, Text } from "../parts/text.tsx";
import { useStudio } from "../studio.ts";

/** What handlers have given up for now, and what may be done about it. */
export function ParkedView({ route }: { route: Route }): JSX.Element {
  const { overview, parked } = useStudio();
  const bookmark = route.query.get("bookmark");
  return (
    <>
      <div class="title">
        <h1>Parked events</h1>
        {bookmark && (
          <p>
            of <Text value={shorten(bookmark, 60)} />{" "}
            <a href={links.parked()}>Show all</a>
          </p>
        )}
        {!overview.write && (
          <p class="quiet">
            To retry or discard, start the studio with <code>--write</code>.
          </p>
        )}
      </div>
      {!overview.capabilities.records
        ? (
          <div class="panel">
            <Empty title="This database keeps no parked events">
              Its provider has no records.
            </Empty>
          </div>
        )
        : (
          <Answer query={parked} what="parked events">
            {(answer) => {
              const groups = groupParked(
                answer.parked.filter((one) =>
                  bookmark === null || one.bookmark === bookmark
                ),
              );
              return groups.length === 0
                ? (
                  <div class="panel">
                    <Empty title="Nothing is parked">
                      No event was given up that nobody has dealt with.
                    </Empty>
                  </div>
                )
                : (
                  <>
                    {groups.map((group) => (
                      <ParkedPanel
                        key={group.key}
                        group={group}
                        reload={parked.reload}
                      />
                    ))}
                    {answer.more && (
                      <p class="quiet">
                        There are more than are shown: the oldest{" "}
                        {answer.parked.length} stand here.
                      </p>
                    )}
                  </>
                );
            }}
          </Answer>
        )}
    </>
  );
}
