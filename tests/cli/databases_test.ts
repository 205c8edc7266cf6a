import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDatabase } from "../../cli/databases.ts";
import { openSchema, postgresServers } from "../providers/support/postgres.ts";
import { fill, openWorkspace } from "./support.ts";
import { findTargets } from "./targets.ts";

/** As many events as a run of all tests has time for. */
const APPENDS = 200;

const [server] = postgresServers;
if (server) {
  for (const target of await findTargets()) {
    test(`what is exported from PostgreSQL is exported again from ${target.name}, byte by byte`, async (t) => {
      const { folder, run, json } = openWorkspace(t);
      const schema = await openSchema(server);
      t.after(() => schema.drop());
      t.after(() => target.drop());
      const read = (name: string) => readFileSync(join(folder, name), "utf8");
      const must = async (...args: string[]) => {
        const result = await run(args);
        assert.equal(result.code, 0, `${args[0]}: ${result.err.join("\n")}`);
      };
      await must("migrate", "--store", schema.url, "--yes");
      const source = await openDatabase({
        url: schema.url,
        cwd: folder,
        mayCreate: false,
      });
      await fill(source.provider, APPENDS);
      await source.close();
      await must("export", "a.jsonl", "--store", schema.url);
      await must("migrate", ...target.args, "--yes");
      await must("import", "a.jsonl", ...target.args, "--yes");
      await must("export", "b.jsonl", ...target.args);
      assert.equal(read("b.jsonl"), read("a.jsonl"));
      const [counts] = await json(["verify", ...target.args]);
      assert.deepEqual([counts.events, counts.damages], [240, 0]);
      const [again] = await json(["import", "a.jsonl", ...target.args, "-y"]);
      assert.deepEqual(again, { stored: 0, found: 240 });
    });
  }
}
