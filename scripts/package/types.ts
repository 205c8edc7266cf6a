/**
 * Applications that use the package, compiled by every TypeScript and in every
 * way of finding modules that it knows, without `skipLibCheck`.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../databases/command.ts";
import { inFunction, readmeSample } from "./readme.ts";
import type { Cell } from "./table.ts";
import { installTools } from "./tools.ts";

const minute = 60_000;

const drivers: Record<string, string> = {
  "@nats-io/transport-node": "3",
  "@opentelemetry/api": "1",
  "@types/node": "24",
  "@types/pg": "8",
  knex: "3",
  mongodb: "7",
  "neo4j-driver": "6",
  pg: "8",
  postgres: "3",
};
const olderDrivers = { ...drivers, mongodb: "6", "neo4j-driver": "5" };

/** What the names of the compilers stand for, as npm knows them. */
const compilers: Record<string, string> = {
  "typescript-5.9": "npm:typescript@5.9.3",
  "typescript-6.0": "npm:typescript@6.0.3",
  "typescript-7.0": "npm:typescript@7.0.2",
};

const rows = [
  { name: "TypeScript 5.9", compiler: "typescript-5.9", drivers },
  { name: "TypeScript 6.0", compiler: "typescript-6.0", drivers },
  { name: "TypeScript 7.0", compiler: "typescript-7.0", drivers },
  {
    name: "TypeScript 7.0, mongodb 6 and neo4j-driver 5",
    compiler: "typescript-7.0",
    drivers: olderDrivers,
  },
];

/** `type` in the application's `package.json`, and its `moduleResolution`. */
const settings = [
  ["module", "node16"],
  ["module", "nodenext"],
  ["module", "bundler"],
  ["commonjs", "node16"],
  ["commonjs", "nodenext"],
  ["commonjs", "bundler"],
  ["commonjs", "node10"],
] as const;

export const columns: string[] = settings.map((setting) => setting.join(", "));

const applications: Record<"withDrivers" | "withoutDrivers", string[]> = {
  withDrivers: [
    "tests/package/every_driver.ts",
    "tests/package/nats_driver.ts",
    "tests/package/evtstore_12_application.ts",
  ],
  withoutDrivers: [
    "tests/package/no_driver.ts",
    "tests/types/commands_test.ts",
    "tests/types/handlers_test.ts",
    "tests/types/original_readme_test.ts",
  ],
};

/** A row a compiler, and for each column what to compile. */
export class TypeMatrix {
  readonly #scratch: string[] = [];

  /** @param bare A folder where the package and `@types/node` are installed. */
  async rows(bare: string): Promise<Map<string, (() => Promise<Cell>)[]>> {
    const tools = await installTools("compilers", compilers);
    const node = join(
      await installTools("node", { node: "24" }),
      "node_modules/.bin/node",
    );
    writeApplications(bare, applications.withoutDrivers);
    const found = new Map<string, (() => Promise<Cell>)[]>();
    for (const { name, compiler, drivers } of rows) {
      const other = await this.#withDrivers(bare, drivers);
      const folder = join(tools, "node_modules", compiler);
      found.set(
        name,
        settings.map(([type, resolution]) => {
          const project = join(type, `${resolution}.json`);
          const projects = [join(bare, project), join(other, project)];
          // NATS's client cannot be found whole by the oldest resolution.
          if (resolution !== "node10") {
            projects.push(join(other, natsProject(type, resolution)));
          }
          return () => compile(node, folder, projects);
        }),
      );
    }
    return found;
  }

  /** Removes what `rows` has written. */
  close(): void {
    for (const folder of this.#scratch) rmSync(folder, { recursive: true });
  }

  /** The package where a parent folder has the drivers. */
  async #withDrivers(
    bare: string,
    drivers: Record<string, string>,
  ): Promise<string> {
    const parent = await installTools("drivers", drivers);
    const folder = mkdtempSync(join(parent, "application-"));
    this.#scratch.push(folder);
    const installed = "node_modules/evtstore";
    cpSync(join(bare, installed), join(folder, installed), { recursive: true });
    writeApplications(folder, applications.withDrivers);
    return folder;
  }
}

function writeApplications(folder: string, files: readonly string[]): void {
  for (const type of ["module", "commonjs"] as const) {
    const application = join(folder, type);
    mkdirSync(application);
    writeFileSync(join(application, "package.json"), JSON.stringify({ type }));
    for (const file of [...files, "tests/types/equal.ts"]) {
      cpSync(file, join(application, file));
    }
    const sample = readmeSample();
    writeFileSync(
      join(application, "readme.ts"),
      type === "module" ? sample : inFunction(sample),
    );
  }
  for (const [type, resolution] of settings) {
    const config = {
      compilerOptions: {
        target: "es2022",
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
        allowImportingTsExtensions: true,
        types: ["node"],
        moduleResolution: resolution,
        ...resolution === "bundler"
          ? { module: "preserve" }
          : resolution === "node10"
          ? { module: "commonjs", esModuleInterop: true }
          : { module: resolution },
      },
      include: ["**/*.ts"],
      exclude: ["**/nats_driver.ts"],
    };
    const path = join(folder, type, `${resolution}.json`);
    writeFileSync(path, JSON.stringify(config));
    const ofNats = {
      compilerOptions: { ...config.compilerOptions, skipLibCheck: true },
      include: ["**/nats_driver.ts"],
    };
    writeFileSync(
      join(folder, natsProject(type, resolution)),
      JSON.stringify(ofNats),
    );
  }
}

function natsProject(type: string, resolution: string): string {
  return join(type, `${resolution}-nats.json`);
}

async function compile(
  node: string,
  compiler: string,
  projects: readonly string[],
): Promise<Cell> {
  const isNative = compiler.endsWith("7.0");
  if (isNative && projects[0]!.endsWith("node10.json")) return { text: "-" };
  const commands = isNative
    ? projects.map((project) => [join(compiler, "bin/tsc"), "-p", project])
    : [["scripts/package/compile_types.ts", compiler, ...projects]];
  for (const command of commands) {
    const { code, output } = await run(node, command, { timeout: 5 * minute });
    if (code !== 0) return { text: "FAILED", failure: output };
  }
  return { text: "ok" };
}
