import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createStudio } from "../studio/studio.ts";
import { textOf, wholeOf } from "./arguments.ts";
import type { Command } from "./command.ts";
import { describeFailure, UsageError } from "./failure.ts";
import { serveLoopback } from "./loopback_server.ts";
import { toJson, visible } from "./text.ts";
import { libraryVersion } from "./version.ts";

const PORT = 4983;

/** `studio` */
export const studioCommand: Command = {
  name: "studio",
  usage: "",
  summary: "Serve a page that shows the store, to this machine only",
  options: {
    port: {
      type: "string",
      value: "NUMBER",
      help: `The port; 0 for any, ${PORT} unless given`,
    },
    domain: {
      type: "string",
      value: "MODULE",
      help: "A module that exports aggregates, to show their states",
    },
    write: {
      type: "boolean",
      help: "Let the page retry and discard what is parked",
    },
    personal: { type: "boolean", help: "Decrypt personal fields" },
  },
  positionals: [0, 0],
  async run({ store, values, terminal, json }) {
    const port = wholeOf(values, "port") ?? PORT;
    if (port > 65_535) throw new UsageError(`There is no port ${port}`);
    const module = textOf(values, "domain");
    const domain = {
      ...store.domain && { domain: store.domain },
      ...module !== undefined &&
        { module: await importModule(resolve(terminal.cwd, module)) },
    };
    const token = createToken();
    const server = await serveLoopback(
      port,
      (port) =>
        createStudio(store.provider, {
          token,
          hosts: hostsOf(port),
          domain,
          handlers: store.handlers,
          write: values.write === true,
          personal: values.personal === true,
          libraryVersion: libraryVersion(),
          onError: (error) => terminal.err(visible(describeFailure(error))),
        }),
    );
    const url = `http://127.0.0.1:${server.port}/?token=${token}`;
    if (json) terminal.out(toJson({ url, port: server.port }));
    else {
      terminal.out(`The studio is at ${url}`);
      terminal.err(
        values.write
          ? "It may retry and discard what is parked. Stop it with Ctrl-C"
          : "It changes nothing. Stop it with Ctrl-C",
      );
    }
    await ended(terminal.signal);
    await server.close();
  },
};

/** The addresses of this machine for itself. */
function hostsOf(port: number): string[] {
  const names = ["127.0.0.1", "localhost"];
  const hosts = names.map((name) => `${name}:${port}`);
  // The usual port is left out of an address.
  return port === 80 ? [...hosts, ...names] : hosts;
}

function createToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_");
}

async function importModule(path: string): Promise<object> {
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}`);
  return await import(pathToFileURL(path).href);
}

async function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
