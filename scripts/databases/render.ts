import type { StartedDatabase, StartedDatabases } from "./started_database.ts";

/** One line for each database, or JSON. */
export function renderDatabases(
  started: StartedDatabases,
  asJson: boolean,
): string {
  if (asJson) return JSON.stringify(started, null, 2);
  return started.map(renderDatabase).join("\n");
}

function renderDatabase(database: StartedDatabase): string {
  const name = database.name.padEnd(16);
  if (database.status === "missing") {
    return `${name} missing      ${database.reason}`;
  }
  const url = database.via === "environment"
    ? withoutPassword(database.url)
    : database.url;
  return `${name} ${database.via.padEnd(12)} ${url}`;
}

/** Of a server that is not ours. */
function withoutPassword(address: string): string {
  const url = URL.parse(address);
  if (url === null || url.password === "") return address;
  url.password = "***";
  return url.href;
}
