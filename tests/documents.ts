import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The files below a folder whose names end so, by their paths from the root. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true })
    .map((path) => join(folder, String(path)))
    .filter((path) => path.endsWith(ending));
}

/** Every document of the repository, by its path from the root. */
export const documents: string[] = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...filesBelow("docs", ".md"),
  ...filesBelow("examples", ".md"),
];

/** What stands in a file. */
export function readDocument(path: string): string {
  return readFileSync(join(root, path), "utf8");
}
