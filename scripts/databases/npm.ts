import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type CommandResult, run } from "./command.ts";
import { MissingError } from "./definition.ts";
import { tellingLine } from "./telling_line.ts";

/** Downloads one npm package without running its scripts; gives its folder. */
export async function fetchNpmPackage(
  name: string,
  version: string,
  packages: string,
  say: (message: string) => void,
): Promise<string> {
  const folder = join(packages, `${name.replace("/", "-")}-${version}`);
  if (existsSync(folder)) return folder;
  say(`Downloading ${name} ${version} from npm`);
  mkdirSync(packages, { recursive: true });
  const scratch = mkdtempSync(join(packages, "download-"));
  try {
    const manifest = { private: true, dependencies: { [name]: version } };
    writeFileSync(join(scratch, "package.json"), JSON.stringify(manifest));
    const { code, output } = await install(scratch);
    if (code !== 0) {
      throw new MissingError(
        `cannot download ${name} ${version} from npm: ${tellingLine(output)}`,
      );
    }
    // Deno installs a link into a store that is shared with others.
    const installed = realpathSync(join(scratch, "node_modules", name));
    const copy = join(scratch, "copy");
    cpSync(installed, copy, { recursive: true });
    letOthersRead(copy);
    renameSync(copy, folder);
    return folder;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function install(folder: string): Promise<CommandResult> {
  const options = { cwd: folder, timeout: 300_000 };
  const isWindows = process.platform === "win32";
  const npm = await run(
    isWindows ? "cmd.exe" : "npm",
    [
      ...isWindows ? ["/c", "npm"] : [],
      "install",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--no-package-lock",
    ],
    options,
  );
  if (npm.code === 0 || !("Deno" in globalThis)) return npm;
  // A machine with Deno alone.
  return await run(process.execPath, ["install", "--quiet"], options);
}

/** The server may run as another user than the one who downloads. */
function letOthersRead(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) letOthersRead(path);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode | 0o444);
  }
  chmodSync(folder, 0o755);
}
