import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../databases/cache.ts";
import { runOrThrow } from "../databases/command.ts";

const minute = 60_000;

/**
 * A folder outside the tree with packages in its `node_modules`, installed once
 * for each choice of them.
 */
export async function installTools(
  name: string,
  dependencies: Record<string, string>,
): Promise<string> {
  const wanted = JSON.stringify({ private: true, dependencies });
  const key = createHash("sha256").update(wanted).digest("hex").slice(0, 12);
  const tools = join(cacheFolder(), "package-check");
  const folder = join(tools, `${name}-${key}`);
  if (existsSync(folder)) return folder;
  mkdirSync(tools, { recursive: true });
  const download = mkdtempSync(join(tools, "download-"));
  await install(download, dependencies);
  renameSync(download, folder);
  return folder;
}

/** Installs packages into a new folder, as a user would. */
export async function install(
  folder: string,
  dependencies: Record<string, string>,
  type: "module" | "commonjs" = "module",
): Promise<void> {
  const manifest = { private: true, type, dependencies };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const flags = ["--no-audit", "--no-fund", "--prefer-offline"];
  await runOrThrow("npm", ["install", ...flags], {
    cwd: folder,
    timeout: 5 * minute,
  });
}
