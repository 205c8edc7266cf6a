/**
 * `deno task example:web [FILE]`: the tickets of examples/web on port 8000, in
 * `tickets.db` or the file that is named.
 */
import process from "node:process";
import { createApp } from "./app.ts";
import { openTickets } from "./tickets.ts";

const tickets = await openTickets(Deno.args[0] ?? "tickets.db");
tickets.handler.start();
const port = Number(process.env.PORT ?? 8000);
const server = Deno.serve({ port }, createApp(tickets).fetch);

// Requests end, the event in hand ends, the bookmark is stored.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await server.shutdown();
    await tickets.close();
  });
}
