import { allCapabilities, conformanceCases } from "evtstore/testing";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { filesBelow, readDocument } from "./documents.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const document = readDocument("GUARANTEES.md");
const [kept, bySuite, byProvider] = tablesOf(document);

/** The files of the tests, by the names that stand in brackets. */
const files = new Map(
  [...document.matchAll(/^\[([^\]]+)\]: (.+)$/gm)]
    .map(([, name, path]) => [name!, path!]),
);

/** Which providers a folder of tests is about. */
const columnOf: Readonly<Record<string, RegExp>> = {
  core: /^memory$/,
  mongo: /^MongoDB$/,
  mysql: /^MariaDB, MySQL/,
  nats: /^NATS$/,
  neo4j: /^Neo4j$/,
  postgres: /^PostgreSQL/,
};

describe("GUARANTEES.md", () => {
  it("names cases of the suite that exist, each for its own promise", () => {
    const cases = conformanceCases(allCapabilities);
    const known = new Map(cases.map((one) => [one.name, one]));
    for (const [promise = "", text = ""] of bySuite!.rows) {
      const names = quotesIn(text);
      assert(names.length > 0, `No case for promise ${promise}`);
      for (const name of names) {
        assert(known.has(name), `"${name}" is not a case of the suite`);
        const number = numberOf(promise);
        if (number === undefined) continue;
        assert.equal(
          known.get(name)?.guarantee,
          number,
          `"${name}" is not a case of guarantee ${number}`,
        );
      }
    }
  });

  it("has a row for each promise, and a column for each provider", () => {
    const promises = [...document.matchAll(/^(\d+)\. \*\*/gm)]
      .map(([, number]) => Number(number));
    assert.equal(promises.length, 10);
    for (const table of [kept!, bySuite!, byProvider!]) {
      const numbers = table.rows.map(([promise]) => numberOf(promise!));
      const found = new Set(numbers.filter((number) => number !== undefined));
      assert.deepEqual([...found], promises);
    }
    const withoutNote = (name: string) => name.replace(/ \([a-z]\)$/, "");
    assert.deepEqual(byProvider!.header, kept!.header.map(withoutNote));
    for (const cells of byProvider!.rows) {
      assert.equal(cells.length, byProvider!.header.length);
      assert(!cells.includes(""), `An empty cell: ${cells}`);
    }
  });

  it("names the file that gives each provider the suite", () => {
    const [suite] = byProvider!.rows;
    const named = suite!.flatMap(pathsIn);
    const giving = filesBelow("tests/providers", "_test.ts")
      .filter((path) => readDocument(path).includes("testProvider("));
    assert.deepEqual(named.toSorted(), giving.toSorted());
  });

  it("names test files that exist, and nothing twice or in vain", () => {
    for (const path of [...files.values(), ...pathsIn(document)]) {
      assert(existsSync(join(root, path)), `${path} does not exist`);
    }
    for (const [name, path] of files) {
      const ends = [`/${name}_test.ts`, `${name}_test.ts`];
      assert(ends.some((end) => path.endsWith(end)), `${name} is ${path}`);
    }
    const used = new Set(namesIn(document));
    assert.deepEqual([...used].toSorted(), [...files.keys()].toSorted());
  });

  it("names tests where they run, and cases that are in them", () => {
    for (const [promise, ...cells] of byProvider!.rows) {
      for (const [index, cell] of cells.entries()) {
        const provider = byProvider!.header[index + 1]!;
        const where = `${promise}, ${provider}`;
        for (const name of namesIn(cell)) {
          const column = columnOf[name.split("/")[0]!] ?? /./;
          assert.match(provider, column, `${name} does not run at ${where}`);
        }
        const quoting = /\[([^\]]+)\] ("[^"]+")/g;
        const quotes = [...cell.matchAll(quoting)];
        assert.equal(quotes.length, quotesIn(cell).length, where);
        for (const [, name, quote] of quotes) {
          const source = readDocument(files.get(name!)!);
          assert(source.includes(quote!), `No ${quote} in ${name}`);
        }
      }
    }
  });
});

type Table = { header: string[]; rows: string[][] };

/** The tables of a document, cell by cell. */
function tablesOf(text: string): Table[] {
  return [...text.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) => {
    const [header, _line, ...rows] = table.trim().split("\n")
      .map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
    return { header: header!, rows };
  });
}

/** The promise that a row is about; undefined if it is about something else. */
function numberOf(promise: string): number | undefined {
  const [, number] = /^(\d+)/.exec(promise) ?? [];
  return number === undefined ? undefined : Number(number);
}

function quotesIn(text: string): string[] {
  return [...text.matchAll(/"([^"]+)"/g)].map(([, quote]) => quote!);
}

/** Names in brackets, that is, of tests: without links, and where they lead. */
function namesIn(text: string): string[] {
  return [
    ...text.replace(/^\[.+\]: .+$/gm, "").matchAll(/\[([^\]]+)\](?!\()/g),
  ].map(([, name]) => name!);
}

function pathsIn(text: string): string[] {
  return [...text.matchAll(/`((?:core|providers|tests)\/[^`]+\.ts)`/g)]
    .map(([, path]) => path!);
}
