/** Finds the system's Chromium for the tests of the studio, or installs it. */
import { existsSync } from "node:fs";
import process from "node:process";
import { findProgram } from "./databases/command.ts";
import { findOrInstall } from "./databases/debian.ts";
import { MissingError } from "./databases/definition.ts";
import { mayInstall } from "./databases/install_policy.ts";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];
const FOLDERS = ["/usr/bin", "/opt/google/chrome"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/**
 * The program: the one that `CHROMIUM_PATH` names, or one that is installed, or,
 * where the system's packages may be used, Debian's.
 *
 * @throws {MissingError} If there is none; the message says how to get one.
 */
async function findChromium(say: (message: string) => void): Promise<string> {
  const given = process.env["CHROMIUM_PATH"];
  if (given) {
    if (existsSync(given)) return given;
    throw new MissingError(`not at ${given}, where CHROMIUM_PATH says it is`);
  }
  return await findOrInstall(
    installed,
    {
      // A Chromium without a font shows no letter.
      debian: ["chromium", "fonts-dejavu-core"],
      homebrew: "--cask google-chrome",
      isNoService: true,
    },
    { mayInstall: mayInstall(process.env), say },
  );
}

/** The program; undefined where it cannot be had, which a line has said. */
export async function chromiumIfThere(
  say: (message: string) => void,
): Promise<string | undefined> {
  try {
    return await findChromium(say);
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    say(`No tests of the studio's page: Chromium is ${error.message}`);
    return undefined;
  }
}

function installed(): string | undefined {
  const found = NAMES.map((name) => findProgram(name, FOLDERS))
    .find((file) => file !== undefined);
  return found ?? (existsSync(MAC) ? MAC : undefined);
}
