import { readFileSync } from "node:fs";

/** The version of this library, as the package beside it says. */
export function libraryVersion(): string {
  // Of the npm package, where this is in esm/cli, and of the sources.
  for (const name of ["../../package.json", "../deno.json"]) {
    try {
      const file = new URL(name, import.meta.url);
      const found = JSON.parse(readFileSync(file, "utf8"));
      if (/(^|\/)evtstore$/.test(found.name)) return String(found.version);
    } catch {
      // Not there.
    }
  }
  return "unknown";
}
