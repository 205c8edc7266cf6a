import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { askNats } from "./clients.ts";
import type {
  DatabaseDefinition,
  ServerCommand,
  StartContext,
} from "./definition.ts";
import { buildGoProgram, type GoProgram } from "./go.ts";
import { freePort } from "./port.ts";
import { makeFolder } from "./server_user.ts";

const module = "github.com/nats-io/nats-server/v2";
const server = { module, version: "2.15.2" };
/** The oldest that the provider runs on. */
const oldServer = { module, version: "2.11.17" };

const NODES = ["n1", "n2", "n3"];

/** One server with JetStream. */
export const nats: DatabaseDefinition = {
  name: "nats",
  environmentVariable: "NATS_URL",
  composeService: "nats",
  composeUrl: "nats://127.0.0.1:14222/",
  ask: (url) => askNats(url, 1),
  start: (context) => startNats(context, server),
};

export const nats211: DatabaseDefinition = {
  name: "nats211",
  environmentVariable: "NATS211_URL",
  composeService: "nats211",
  composeUrl: "nats://127.0.0.1:14226/",
  ask: (url) => askNats(url, 1),
  start: (context) => startNats(context, oldServer),
};

/**
 * Three servers that are one cluster. A process starts them, and starts one
 * again that has died; `NAME.pid` in its folder is of the server NAME.
 */
export const natsCluster: DatabaseDefinition = {
  name: "nats_cluster",
  environmentVariable: "NATS_CLUSTER_URL",
  composeService: "nats_cluster",
  composeUrl: [14223, 14224, 14225]
    .map((port) => urlOf(port)).join(),
  ask: (url) => askNats(url, 3),
  start: startCluster,
};

async function startNats(
  context: StartContext,
  server: GoProgram,
): Promise<ServerCommand> {
  const program = await buildGoProgram(server, context);
  const { folder, port } = context;
  makeFolder(folder, undefined);
  const file = writeSettings(folder, "n1", port);
  return {
    program,
    args: ["-c", file],
    url: urlOf(port),
    stopSignal: "SIGTERM",
    user: undefined,
  };
}

async function startCluster(context: StartContext): Promise<ServerCommand> {
  const program = await buildGoProgram(server, context);
  const { folder } = context;
  makeFolder(folder, undefined);
  const ports = await portsIn(folder, context.port);
  const routes = ports.slice(NODES.length);
  const files = NODES.map((name, index) =>
    writeSettings(
      folder,
      name,
      ports[index]!,
      [
        `cluster {`,
        `  name: evtstore`,
        `  listen: "127.0.0.1:${routes[index]}"`,
        `  routes: [${
          routes.map((port) => `"nats-route://127.0.0.1:${port}"`).join(", ")
        }]`,
        `}`,
      ],
    )
  );
  const script = fileURLToPath(new URL("./keep_running.ts", import.meta.url));
  return {
    program: process.execPath,
    args: [
      ..."Deno" in globalThis ? ["run", "-A", "--no-config"] : [],
      script,
      program,
      ...files,
    ],
    url: ports.slice(0, NODES.length).map(urlOf).join(),
    stopSignal: "SIGTERM",
    user: undefined,
  };
}

/** Those of before, or new ones: for clients, then for the other servers. */
async function portsIn(folder: string, first: number): Promise<number[]> {
  const file = join(folder, "ports.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const ports = [first];
  while (ports.length < NODES.length * 2) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

function writeSettings(
  folder: string,
  name: string,
  port: number,
  more: string[] = [],
): string {
  const file = join(folder, `${name}.conf`);
  writeFileSync(
    file,
    [
      `server_name: ${name}`,
      `listen: "127.0.0.1:${port}"`,
      `pid_file: ${JSON.stringify(join(folder, `${name}.pid`))}`,
      `jetstream { store_dir: ${JSON.stringify(join(folder, name))} }`,
      ...more,
      "",
    ].join("\n"),
  );
  return file;
}

function urlOf(port: number): string {
  return `nats://127.0.0.1:${port}/`;
}
