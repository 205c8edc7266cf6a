import {
  createCommands,
  createDomain,
  type InferredCommands,
  type StreamHandler,
} from "evtstore";
import { createProvider, migrate } from "evtstore/provider/sqlite";
import type { DatabaseSync } from "node:sqlite";
import { Board, writeBoard } from "./board.ts";
import {
  type Ticket,
  ticket,
  ticketCommands,
  type TicketEvent,
} from "./ticket.ts";

/** The whole service, on one SQLite file. */
export type Tickets = {
  /** What can be asked of a ticket. */
  commands: InferredCommands<typeof ticketCommands, Ticket, DatabaseSync>;
  /** What writes the board. */
  handler: StreamHandler<{ tickets: TicketEvent }, DatabaseSync>;
  /** What reads it. */
  board: Board;
  /** Lets the event in hand finish, and closes the file. */
  close(): Promise<void>;
};

/** Opens the file, and makes it if there is none. */
export async function openTickets(path: string): Promise<Tickets> {
  await migrate({ path });
  const provider = createProvider({ path });
  const options = { provider, useCache: true };
  const { domain, createHandler } = createDomain(options, { ticket });
  const board = new Board(path);
  const handler = createHandler("board", ["tickets"], { transactional: true });
  writeBoard(handler);
  return {
    commands: createCommands(domain.ticket, ticketCommands),
    handler,
    board,
    async close() {
      await handler.stop();
      board.close();
      await provider.close();
    },
  };
}
