import { CommandError, health, StoreError, VersionError } from "evtstore";
import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Tickets } from "./tickets.ts";

/** How long a reader waits for its own write, in milliseconds. */
const PATIENCE = 2000;

/** The HTTP API: commands go in, the read model comes out. */
export function createApp({ commands, handler, board }: Tickets): Hono {
  const app = new Hono();

  app.post("/tickets", async (c) => {
    const id = crypto.randomUUID();
    const title = await field(c, "title");
    const { version } = await commands.open(id, { title }, optionsOf(c));
    return c.json({ id, version }, 201, { location: `/tickets/${id}` });
  });

  app.post("/tickets/:id/assign", async (c) => {
    const id = c.req.param("id");
    const to = await field(c, "to");
    const { version } = await commands.assign(id, { to }, optionsOf(c));
    return c.json({ id, version });
  });

  app.post("/tickets/:id/close", async (c) => {
    const id = c.req.param("id");
    const reason = await field(c, "reason");
    const { version } = await commands.close(id, { reason }, optionsOf(c));
    return c.json({ id, version });
  });

  app.get("/tickets", async (c) => {
    await waitForOwnWrite(c);
    return c.json(board.cards(c.req.query("state") ?? "open"));
  });

  app.get("/tickets/:id", async (c) => {
    await waitForOwnWrite(c);
    const card = board.card(c.req.param("id"));
    if (!card) throw new HTTPException(404, { message: "No such ticket" });
    return c.json(card, 200, { etag: `"${card.version}"` });
  });

  app.get("/health/live", async (c) => {
    const { live, reasons } = await health([handler]);
    return c.json({ live, reasons }, live ? 200 : 503);
  });

  app.get("/health/ready", async (c) => {
    const { ready, reasons, handlers } = await health([handler]);
    return c.json({ ready, reasons, handlers }, ready ? 200 : 503);
  });

  /** `?after=ID@VERSION`: the read model has at least that version. */
  async function waitForOwnWrite(c: Context): Promise<void> {
    const after = c.req.query("after");
    if (after === undefined) return;
    const at = after.lastIndexOf("@");
    const version = Number(after.slice(at + 1));
    await handler.handled("tickets", after.slice(0, at), version, {
      timeout: PATIENCE,
    });
  }

  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    const { code } = error as { code?: string };
    const body = { error: error.message, code };
    if (code === "NO_SUCH_TICKET") return c.json(body, 404);
    if (error instanceof VersionError) return c.json(body, 412);
    if (error instanceof CommandError) return c.json(body, 409);
    if (code === "INVALID_INPUT") return c.json(body, 400);
    if (error instanceof StoreError) return c.json(body, 503);
    throw error;
  });

  return app;
}

/**
 * What the caller asks of its command: with an `Idempotency-Key` it is stored at
 * most once, with `If-Match` only if nobody was faster.
 */
function optionsOf(c: Context): {
  commandId?: string;
  expectedVersion?: number;
} {
  const commandId = c.req.header("idempotency-key");
  const tag = c.req.header("if-match");
  return {
    ...commandId !== undefined && { commandId },
    ...tag !== undefined &&
      { expectedVersion: Number(tag.replaceAll('"', "")) },
  };
}

async function field(c: Context, name: string): Promise<string> {
  const body = await c.req.json().catch(() => undefined);
  const value = body?.[name];
  if (typeof value === "string" && value !== "") return value;
  throw new HTTPException(400, {
    message: `Expected a JSON body with a text "${name}"`,
  });
}
