/**
 * A plugin of TypeDoc: each module of the reference gets the name that it is
 * imported by, as `deno.json` says, and not that of its file.
 */
import { readFileSync } from "node:fs";

const { imports } = JSON.parse(
  readFileSync(new URL("../deno.json", import.meta.url), "utf8"),
);
const names = new Map(
  Object.entries(imports)
    .filter(([, file]) => file.startsWith("./"))
    .map(([name, file]) => [file.slice("./".length, -".ts".length), name]),
);

/** Called by TypeDoc with its application. */
export function load(app) {
  app.converter.on("createDeclaration", (_context, reflection) => {
    if (!reflection.parent?.isProject()) return;
    reflection.name = names.get(reflection.name) ?? reflection.name;
  });
}
