import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, run } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import { MissingError, type StartContext } from "./definition.ts";
import { tellingLine } from "./telling_line.ts";

const packages = { debian: ["python3-venv"], homebrew: "python" };

export interface PythonPackage {
  readonly name: string;
  /** Exact: the newest would be another one from one day to the next. */
  readonly version: string;
}

/**
 * Installs a package of PyPI into an environment of its own, once; gives the
 * folder of that environment.
 *
 * @throws {MissingError} in one line, where Python or PyPI cannot be had
 */
export async function fetchPythonPackage(
  { name, version }: PythonPackage,
  context: StartContext,
): Promise<string> {
  const folder = join(context.packages, `python-${name}-${version}`);
  // It knows its own path, so it is not made elsewhere and moved when complete.
  const complete = join(folder, "evtstore-complete");
  if (existsSync(complete)) return folder;
  const python = await findOrInstall(findPython, packages, context);
  context.say(`Downloading ${name} ${version} from PyPI`);
  mkdirSync(context.packages, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  const steps = [
    [python, "-m", "venv", folder],
    [
      join(folder, "bin", "pip"),
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--pre",
      `${name}==${version}`,
    ],
  ] as const;
  for (const [program, ...args] of steps) {
    const { code, output } = await run(program, args, { timeout: 600_000 });
    if (code === 0) continue;
    throw new MissingError(
      `cannot install ${name} ${version} from PyPI: ${tellingLine(output)}`,
    );
  }
  writeFileSync(complete, "");
  return folder;
}

/** One that can make environments: Debian has that in a package of its own. */
function findPython(): string | undefined {
  const python = findProgram("python3");
  if (python === undefined) return undefined;
  const { status } = spawnSync(python, ["-c", "import ensurepip, venv"]);
  return status === 0 ? python : undefined;
}
