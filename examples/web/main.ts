/**
 * `deno task example:web [FILE]`: the tickets of examples/web on port 8000, in
 * `tickets.db` or the file that is named.
 */
import { runHandlers } from "evtstore";
import process from "node:process";
import { createApp } from "./app.ts";
import { openTickets } from "./tickets.ts";

const tickets = await openTickets(Deno.args[0] ?? "tickets.db");
const service = runHandlers([tickets.handler]);
const port = Number(process.env.PORT ?? 8000);
const server = Deno.serve({ port }, createApp(tickets).fetch);

// At SIGINT or SIGTERM the event in hand ends, and its bookmark is stored.
await service.stopped;
await server.shutdown();
await tickets.close();
