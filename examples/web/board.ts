import type { StreamHandler } from "evtstore";
import { DatabaseSync } from "node:sqlite";
import type { TicketEvent } from "./ticket.ts";

/** A ticket as the board shows it. */
export type Card = {
  id: string;
  version: number;
  title: string;
  assignee: string;
  state: "open" | "closed";
};

const TABLE = `CREATE TABLE IF NOT EXISTS board (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  title TEXT NOT NULL,
  assignee TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'open'
)`;

const OPENED = `INSERT INTO board (id, version, title) VALUES (?, ?, ?)`;
const ASSIGNED = `UPDATE board SET version = ?, assignee = ? WHERE id = ?`;
const CLOSED = `UPDATE board SET version = ?, state = 'closed' WHERE id = ?`;

/** Writes the read model: its rows and its bookmark are committed together. */
export function writeBoard(
  handler: StreamHandler<{ tickets: TicketEvent }, DatabaseSync>,
): void {
  handler.handleStream("tickets", {
    Opened: (id, event, { version }, tx) => {
      tx.prepare(OPENED).run(id, version, event.title);
    },
    Assigned: (id, event, { version }, tx) => {
      tx.prepare(ASSIGNED).run(version, event.to, id);
    },
    Closed: (id, _event, { version }, tx) => {
      tx.prepare(CLOSED).run(version, id);
    },
  });
}

/** Reads the read model, by a connection of its own. */
export class Board {
  #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(TABLE);
  }

  cards(state: string): Card[] {
    return this.#database
      .prepare(`SELECT * FROM board WHERE state = ? ORDER BY id`)
      .all(state) as Card[];
  }

  card(id: string): Card | undefined {
    return this.#database
      .prepare(`SELECT * FROM board WHERE id = ?`)
      .get(id) as Card | undefined;
  }

  close(): void {
    this.#database.close();
  }
}
