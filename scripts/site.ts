/**
 * Builds the site of the documentation into `site/dist`: `deno task site`.
 * A link that leads nowhere fails it. `deno task site dev` serves it while it
 * is written.
 *
 * It takes the generators from npm, at the versions in `site/package-lock.json`,
 * and Node to run them; npm brings one where there is none.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";

const site = "site";
const lock = `${site}/package-lock.json`;
const installed = `${site}/node_modules/.installed`;

function run(program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: site, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args.join(" ")} failed: ${code}`));
    });
  });
}

/** Installs the generators, unless these versions are there. */
async function install(): Promise<void> {
  const wanted = readFileSync(lock, "utf8");
  if (existsSync(installed) && readFileSync(installed, "utf8") === wanted) {
    return;
  }
  await run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
  writeFileSync(installed, wanted);
}

const [command = "build", ...rest] = process.argv.slice(2);
try {
  await install();
  rmSync(`${site}/reference`, { recursive: true, force: true });
  await run("npm", ["exec", "--", "typedoc", "--logLevel", "Warn"]);
  await run("npm", ["exec", "--", "vitepress", command, ".", ...rest]);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
