/** What of `deno.json` goes into the package. */
export type DenoConfig = {
  version: string;
  license: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
};

/** The optional packages, and the majors of them that the tests run beside the one of `deno.json`. */
const drivers: Record<string, string[]> = {
  "@nats-io/transport-node": [],
  "@opentelemetry/api": [],
  "knex": [],
  "mongodb": ["6"],
  "mysql2": [],
  "neo4j-driver": ["5"],
  "pg": [],
  "postgres": [],
};

/** Types that a driver does not have by itself; the same majors. */
const typesOf: Record<string, string> = { pg: "@types/pg" };

/** The entry of `deno.json` that is a program on npm: `npx evtstore`. */
export const PROGRAM = "./cli";

/** The `package.json` of the package. */
export function toManifest(config: DenoConfig): Record<string, unknown> {
  const paths = Object.entries(config.exports).map(([name, path]) =>
    [name, path.replace(/^\.\//, "").replace(/\.ts$/, "")] as const
  );
  const entries = paths.filter(([name]) => name !== PROGRAM);
  const [, program] = paths.find(([name]) => name === PROGRAM)!;
  const peers = peerRanges(config.imports);
  return {
    name: "evtstore",
    version: config.version,
    description:
      "Type-safe event sourcing and CQRS on the database an application already runs",
    keywords: ["event", "sourcing", "source", "stream", "cqrs", "typescript"],
    license: config.license,
    repository: {
      type: "git",
      url: "git+https://github.com/Seikho/evtstore.git",
    },
    homepage: "https://github.com/Seikho/evtstore#readme",
    bugs: { url: "https://github.com/Seikho/evtstore/issues" },
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    main: "./cjs/mod.js",
    types: "./cjs/mod.d.ts",
    exports: toExports(entries),
    bin: { evtstore: `./esm/${program}.js` },
    typesVersions: { "*": toTypesVersions(entries) },
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(
      Object.keys(peers).map((name) => [name, { optional: true }]),
    ),
  };
}

function peerRanges(imports: Record<string, string>): Record<string, string> {
  const ranges: [string, string][] = [];
  for (const [name, others] of Object.entries(drivers)) {
    const current = imports[name]?.split("@").at(-1);
    if (!current) throw new Error(`deno.json does not import ${name}`);
    const range = [...others, current].join(" || ");
    ranges.push([name, range]);
    if (typesOf[name]) ranges.push([typesOf[name], range]);
  }
  return Object.fromEntries(ranges.toSorted(([a], [b]) => a < b ? -1 : 1));
}

type Entries = readonly (readonly [name: string, path: string])[];

/**
 * `module-sync` comes first: where a runtime can `require` an ES module, both
 * ways of loading give the same one, and so one class of each error.
 */
function toExports(entries: Entries): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, path] of withOldNames(entries)) {
    const esm = { types: `./esm/${path}.d.ts`, default: `./esm/${path}.js` };
    const cjs = { types: `./cjs/${path}.d.ts`, default: `./cjs/${path}.js` };
    found[name] = { "module-sync": esm, import: esm, require: cjs };
  }
  return { ...found, "./package.json": "./package.json" };
}

/** For TypeScript that resolves as Node 10 did, and knows no `exports`. */
function toTypesVersions(entries: Entries): Record<string, string[]> {
  const found = withOldNames(entries).filter(([name]) => name !== ".");
  return Object.fromEntries(found.map(([name, path]) => [
    name.slice("./".length),
    [`./cjs/${path}.d.ts`],
  ]));
}

/**
 * evtstore 12 had no `exports`: an ES module of Node had to name the file, and
 * editors proposed `src/types` for a type.
 */
function withOldNames(entries: Entries): Entries {
  return [
    ...entries,
    ...entries.filter(([name]) => name.startsWith("./provider/"))
      .map(([name, path]) => [`${name}.js`, path] as const),
    ...["./index", "./index.js", "./src/types", "./src/types.js"]
      .map((name) => [name, "mod"] as const),
  ];
}
