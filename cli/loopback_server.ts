import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { UsageError } from "./failure.ts";

/** The most bytes of a request's body. */
const MOST_BODY = 65_536;

/** Answers a request. */
export type Answer = (request: Request) => Promise<Response>;

/** A server that only this machine reaches. */
export type LoopbackServer = {
  /** Its port. */
  port: number;
  /** Ends it, and what is still being answered. */
  close(): Promise<void>;
};

/**
 * Serves on 127.0.0.1, by what every runtime has.
 *
 * @param port The port; 0 for any that is free.
 * @param create Makes what answers, once the port is known.
 * @throws {UsageError} If the port is taken, or may not be.
 */
export async function serveLoopback(
  port: number,
  create: (port: number) => Answer,
): Promise<LoopbackServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new UsageError(
            `Port ${port} is taken: is a studio open already? Give another --port, or 0 for any that is free`,
          )
          : error.code === "EACCES"
          ? new UsageError(`Port ${port} may not be taken: give another --port`)
          : error,
      ));
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const taken = typeof address === "object" && address ? address.port : port;
  const answer = create(taken);
  server.on("request", (incoming, outgoing) => {
    respond(incoming, outgoing, answer).catch(() => outgoing.destroy());
  });
  return {
    port: taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: Answer,
): Promise<void> {
  const left = new AbortController();
  outgoing.on("close", () => left.abort());
  const request = await toRequest(incoming, left.signal);
  if (!request) {
    outgoing.writeHead(400).end();
    return;
  }
  const response = await answer(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) {
    outgoing.end();
    return;
  }
  const reader = response.body.getReader();
  left.signal.addEventListener("abort", () => {
    reader.cancel().catch(() => {});
  });
  while (!left.signal.aborted) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!outgoing.write(value)) {
      await new Promise<void>((resolve) => {
        outgoing.once("drain", resolve);
        left.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
  outgoing.end();
}

/** Undefined for one that cannot be answered. */
async function toRequest(
  incoming: IncomingMessage,
  signal: AbortSignal,
): Promise<Request | undefined> {
  const { method = "GET", headers: { host }, url = "/" } = incoming;
  // What is sent to a proxy has a whole address in place of a path.
  if (!host || !url.startsWith("/")) return undefined;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  try {
    const body = method === "GET" || method === "HEAD"
      ? undefined
      : await readBody(incoming);
    return new Request(new URL(`http://${host}${url}`), {
      method,
      headers,
      signal,
      ...body !== undefined && { body },
    });
  } catch {
    return undefined;
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length > MOST_BODY) throw new Error("The body is too large");
    chunks.push(chunk);
  }
  return await new Blob(chunks as Uint8Array<ArrayBuffer>[]).text();
}
