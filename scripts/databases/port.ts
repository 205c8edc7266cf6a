import { createServer } from "node:net";

/** A free port on 127.0.0.1: the wanted one, if that is free. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined) {
    const port = await listenOnce(wanted).catch(() => undefined);
    if (port !== undefined) return port;
  }
  return await listenOnce(0);
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) {
          resolve(address.port);
        } else {
          reject(new Error("Cannot find a free port"));
        }
      });
    });
  });
}
