import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { findProgram, run } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import { MissingError, type StartContext } from "./definition.ts";
import { tellingLine } from "./telling_line.ts";

const packages = { debian: ["golang-go"], homebrew: "go" };

export interface GoProgram {
  /** The path of its module, which ends with what the program is called. */
  readonly module: string;
  /** Exact: the newest would be another one from one day to the next. */
  readonly version: string;
}

/**
 * Builds a program from the proxy of Go modules, once; gives its file.
 *
 * @throws {MissingError} in one line, where Go or the module cannot be had
 */
export async function buildGoProgram(
  { module, version }: GoProgram,
  context: StartContext,
): Promise<string> {
  const name = basename(module.replace(/\/v\d+$/, ""));
  const folder = join(context.packages, `go-${name}-${version}`);
  const program = (folder: string) =>
    join(folder, process.platform === "win32" ? `${name}.exe` : name);
  if (existsSync(program(folder))) return program(folder);
  const go = await findOrInstall(findGo, packages, context);
  context.say(`Building ${name} ${version} with Go`);
  mkdirSync(context.packages, { recursive: true });
  const scratch = mkdtempSync(join(context.packages, "build-"));
  try {
    const { code, output } = await run(
      go,
      ["install", `${module}@v${version}`],
      { environment: { GOBIN: scratch }, timeout: 900_000 },
    );
    if (code !== 0 || readdirSync(scratch).length === 0) {
      throw new MissingError(
        `cannot build ${name} ${version} with Go: ${tellingLine(output)}`,
      );
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(scratch, folder);
    return program(folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function findGo(): string | undefined {
  return findProgram("go", ["/usr/local/go/bin", "/usr/lib/go/bin"]);
}
