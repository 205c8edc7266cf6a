import { readdirSync } from "node:fs";

/** The files in a folder and those in it, by their path from there, in order. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      `${parentPath}/${name}`.slice(folder.length + 1)
    )
    .sort();
}
