import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askPostgres } from "./clients.ts";
import { findProgram } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import type {
  DatabaseDefinition,
  ServerCommand,
  StartContext,
} from "./definition.ts";
import { makeFolder, serverUser } from "./server_user.ts";

const packages = { debian: ["pgbouncer"], homebrew: "pgbouncer" };
const folders = ["/usr/sbin", "/opt/homebrew/bin", "/usr/local/bin"];

/**
 * PgBouncer in front of a server, in transaction mode: each transaction, and
 * each statement outside one, may run on another connection.
 *
 * @param server The address of a database.
 */
export function pgbouncerOf(server: string): DatabaseDefinition {
  return {
    name: "pgbouncer",
    environmentVariable: "PGBOUNCER_URL",
    composeService: "pgbouncer",
    composeUrl: "",
    // By another name, whose connections are no part of those that are tested.
    ask: (url) => askPostgres(new URL("/ready", url).href),
    start: (context) => startPgbouncer(context, new URL(server)),
  };
}

async function startPgbouncer(
  context: StartContext,
  server: URL,
): Promise<ServerCommand> {
  const find = () => findProgram("pgbouncer", folders);
  const program = await findOrInstall(find, packages, context);
  const user = serverUser(["postgres", "nobody"]);
  const { folder, port } = context;
  makeFolder(folder, user);
  const file = join(folder, "pgbouncer.ini");
  const database = server.pathname.slice(1);
  const target = {
    host: server.hostname,
    port: server.port,
    dbname: database,
    user: decodeURIComponent(server.username),
    password: decodeURIComponent(server.password),
  };
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    // Whoever connects is who the target names.
    auth_type: "any",
    pool_mode: "transaction",
    // Fewer than the clients, so that they have to share.
    default_pool_size: 8,
    max_client_conn: 200,
  };
  const connection = Object.entries(target)
    .map(([key, value]) => `${key}=${value}`).join(" ");
  const lines = Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}`);
  writeFileSync(
    file,
    [
      "[databases]",
      `${database} = ${connection}`,
      `ready = ${connection}`,
      "[pgbouncer]",
      ...lines,
      "",
    ].join("\n"),
    { mode: 0o600 },
  );
  if (user !== undefined) chownSync(file, user.uid, user.gid);
  const url = new URL(server);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return { program, args: [file], url: url.href, stopSignal: "SIGINT", user };
}
