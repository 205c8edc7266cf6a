import { StoreError } from "../../core/errors.ts";
import { checkName } from "../../core/validation.ts";
import type { Neo4jTransaction } from "./client.ts";

import type { Log } from "./log.ts";
import type { Labels } from "./labels.ts";
import type { Ask, Neo4jStore } from "./store.ts";
import { checkText } from "../name_input.ts";
import { toInteger, toNumber, toPosition } from "./values.ts";

/** Where handlers are, one node each. */
export class Bookmarks {
  #store: Neo4jStore;
  #log: Log;
  #select: string;
  #set: string;
  #move: string;

  /** @param log Knows whether the database was prepared. */
  constructor(store: Neo4jStore, log: Log, { bookmarks }: Labels) {
    this.#store = store;
    this.#log = log;
    this.#select = `MATCH (b:${bookmarks} {bookmark: $bookmark})
RETURN b._position AS position, b.position AS old`;
    this.#set = `MERGE (b:${bookmarks} {bookmark: $bookmark})
SET b._position = $position, b._move = $move`;
    // Locked before it is compared. A move that is repeated finds its own mark.
    this.#move = `MERGE (b:${bookmarks} {bookmark: $bookmark})
ON CREATE SET b._position = 0
SET b._lock = $move
WITH b WHERE b._position = $from OR b._move = $move
SET b._position = $position, b._move = $move
RETURN b._position AS position`;
  }

  /** Where a bookmark stands; 0 for an unknown one. */
  async get(bookmark: string): Promise<number> {
    checkText("bookmark", bookmark);
    await this.#log.statements();
    const ask = { what: "getPosition", facts: { bookmark }, canRepeat: true };
    const [row] = await this.#store.run(ask, this.#select, { bookmark });
    if (!row) return 0;
    if (row["position"] == null) {
      throw new StoreError(
        "NOT_MIGRATED",
        `Cannot run getPosition: evtstore 12 has made the bookmark "${bookmark}" since migrate(); stop its handler, and run migrate() again`,
        { bookmark },
      );
    }
    return toNumber(row["position"]);
  }

  /** Moves a bookmark; with `from`, only from there, and says whether it did. */
  async set(
    bookmark: string,
    position: unknown,
    from: unknown,
    tx: Neo4jTransaction | undefined,
  ): Promise<boolean | void> {
    checkName("bookmark", bookmark);
    const parameters = {
      bookmark,
      position: toInteger(toPosition("position", position)),
      move: crypto.randomUUID(),
    };
    await this.#log.statements();
    const ask: Ask = {
      what: "setPosition",
      tx,
      facts: { bookmark },
      canRepeat: true,
    };
    if (from === undefined) {
      await this.#store.run(ask, this.#set, parameters);
      return;
    }
    const start = toInteger(toPosition("from", from));
    const rows = await this.#store.run(
      ask,
      this.#move,
      { ...parameters, from: start },
    );
    return rows.length === 1;
  }
}
