import type { StoredBookmark } from "../core/catalog.ts";
import { readKeys } from "./nats_keys.ts";
import type { NatsLog } from "./nats_log.ts";
import { fromToken, toToken } from "./nats_names.ts";
import { changeValue, readValue, toValue, writeValue } from "./nats_values.ts";

const PREFIX = "bookmark.";

type Bookmark = { position: number };

/** Where a bookmark stands; at the start if nobody has stored it. */
export async function readBookmark(
  log: NatsLog,
  bookmark: string,
): Promise<number> {
  const { value } = await readValue<Bookmark>(log, toKey(bookmark));
  return value?.position ?? 0;
}

/** Stores where a bookmark stands, wherever it stood. */
export async function storeBookmark(
  log: NatsLog,
  bookmark: string,
  position: number,
): Promise<void> {
  await writeValue<Bookmark>(log, "setPosition", toKey(bookmark), { position });
}

/** Moves a bookmark from where it stands. @returns Whether it did. */
export async function moveBookmark(
  log: NatsLog,
  bookmark: string,
  position: number,
  from: number,
): Promise<boolean> {
  return await changeValue<Bookmark>(
    log,
    "setPosition",
    toKey(bookmark),
    (value) =>
      (value?.position ?? 0) === from ? { to: { position } } : undefined,
  );
}

/** All bookmarks that are stored. */
export async function readBookmarks(log: NatsLog): Promise<StoredBookmark[]> {
  const stored = await readKeys(log, `${PREFIX}*`);
  const before = log.names.keys.length + PREFIX.length;
  return stored.flatMap((message) => {
    const value = toValue<Bookmark>(message);
    if (value === undefined) return [];
    const bookmark = fromToken(message.subject.slice(before));
    return [{ bookmark, position: value.position }];
  });
}

function toKey(bookmark: string): string {
  return `${PREFIX}${toToken(bookmark)}`;
}
