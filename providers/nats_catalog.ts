import type { Catalog, StoredCommand } from "../core/catalog.ts";
import { compareBytes } from "./byte_order.ts";
import { readBookmarks } from "./nats_bookmarks.ts";
import type { NatsLog } from "./nats_log.ts";
import { fromToken } from "./nats_names.ts";
import { checkPosition } from "./nats_position.ts";
import { readCommandsBetween } from "./nats_read.ts";
import { readSubjects } from "./nats_subjects.ts";

type Run = <T>(
  what: string,
  tx: undefined,
  work: (log: NatsLog) => Promise<T>,
) => Promise<T>;

/**
 * What a log holds. The streams are read from the server's index of subjects,
 * which has one for each aggregate, and none of the messages is read. A command
 * stands in its message, so all those of the part are.
 */
export function createCatalog(run: Run): Catalog {
  return {
    streams: () =>
      run("streams", undefined, async (log) => {
        const { stream, commits } = log.names;
        const tokens = new Set<string>();
        for (const subject of await readSubjects(log, stream, `${commits}>`)) {
          const end = subject.indexOf(".", commits.length);
          tokens.add(subject.slice(commits.length, end));
        }
        return [...tokens].map(fromToken).sort(compareBytes);
      }),

    bookmarks: () =>
      run("bookmarks", undefined, async (log) => {
        const found = await readBookmarks(log);
        return found.sort((one, two) =>
          compareBytes(one.bookmark, two.bookmark)
        );
      }),

    async commands(after, upTo): Promise<StoredCommand[]> {
      checkPosition("after", after);
      checkPosition("upTo", upTo);
      return await run(
        "commands",
        undefined,
        (log) => readCommandsBetween(log, after, upTo),
      );
    },
  };
}
