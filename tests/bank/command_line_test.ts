import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { generate } from "../../examples/bank/generate.ts";
import { inFolder, runDemo, toLines } from "./demo.ts";

const SMALL = toLines([
  { id: "c-1", type: "open", account: "ada" },
  { id: "c-2", type: "open", account: "grace" },
  { id: "c-3", type: "deposit", account: "ada", cents: 123_456 },
  { id: "c-4", type: "withdraw", account: "grace", cents: 1 },
  { id: "c-5", type: "transfer", from: "ada", to: "grace", cents: 23_456 },
  { id: "c-6", type: "transfer", from: "ada", to: "nobody", cents: 100 },
  { id: "c-7", type: "withdraw", account: "grace", cents: 456 },
]);

test("a run prints balances, what became of the commands, and the proof", () =>
  inFolder(async (path) => {
    const { code, stdout } = await runDemo(
      ["-", "--database", path("bank.db")],
      SMALL,
    );
    assert.equal(
      stdout,
      `account   balance
-------  --------
ada      1,000.00
grace      230.00
-------  --------
total    1,230.00

7 lines: 5 applied, 0 already applied, 2 refused, 0 malformed
  refused NO_SUCH_ACCOUNT: 1
  refused OVERDRAFT: 1

ok     the balances and statements of 2 accounts are those of 14 events, to the cent
ok     1,234.56 in - 4.56 out = 1,230.00; all accounts hold 1,230.00
ok     2 transfers: 1 completed, 1 failed, 0 pending
`,
    );
    assert.equal(code, 0);
  }));

test("a second run applies nothing, and a longer file only what is new", () =>
  inFolder(async (path) => {
    const args = ["-", "--database", path("bank.db")];
    await runDemo(args, SMALL);
    const second = await runDemo(args, SMALL);
    assert.equal(second.code, 0);
    assert.match(second.stdout, /^grace +230.00$/m);
    assert.match(
      second.stdout,
      /^7 lines: 0 applied, 7 already applied, 0 refused, 0 malformed$/m,
    );
    assert.match(second.stdout, /Nothing was applied twice/);

    const more = { id: "c-8", type: "deposit", account: "ada", cents: 1 };
    const third = await runDemo(args, SMALL + toLines([more]));
    assert.match(third.stdout, /^8 lines: 1 applied, 7 already applied/m);
    assert.match(third.stdout, /^ada +1,000.01$/m);
  }));

test("a malformed line is reported with its number, and the rest goes on", () =>
  inFolder(async (path) => {
    const [open, ...others] = SMALL.trimEnd().split("\n");
    const text = [
      open,
      "",
      "{ this is not JSON",
      '{"id":"x-1","type":"steal"}',
      '{"id":"x-2","type":"deposit","account":"ada"}',
      '{"id":"c-1","type":"deposit","account":"ada","cents":5}',
      ...others,
      '{"id":"x-3"',
    ].join("\n");
    const { code, stdout, stderr } = await runDemo(
      ["-", "--database", path("bank.db")],
      text,
    );
    assert.equal(code, 1);
    const reported = stderr.split("\n").filter((line) => /^line/.test(line));
    const expected = [
      /^line 3: .*JSON/,
      /^line 4: unknown type "steal"/,
      /^line 5: no field "cents"$/,
      /^line 6: id "c-1" stands on line 1 too$/,
      /^line 13: .*JSON/,
    ];
    assert.equal(reported.length, expected.length, stderr);
    expected.forEach((reason, at) => assert.match(reported[at]!, reason));
    assert.match(
      stdout,
      /^12 lines: 5 applied, 0 already applied, 2 refused, 5 malformed$/m,
    );
    assert.match(stdout, /^grace +230.00$/m);
  }));

test("a read model that is one cent off is found and named", () =>
  inFolder(async (path) => {
    const args = ["-", "--database", path("bank.db")];
    await runDemo(args, SMALL);
    const tampered = {
      "UPDATE bank_balances SET cents = cents + 1 WHERE account = 'grace'":
        "grace: log 230.00, balance 230.01, statement 230.00",
      "UPDATE bank_statements SET cents = 2 WHERE account = 'ada' AND version = 1":
        "ada: log 1,000.00, balance 1,000.00, statement 1,000.02",
      "DELETE FROM bank_balances WHERE account = 'ada'":
        "ada: log 1,000.00, balance none, statement none",
      "INSERT INTO bank_balances VALUES ('mallory', 5)":
        "mallory: log none, balance 0.05, statement 0.00",
    };
    for (const [statement, message] of Object.entries(tampered)) {
      execute(path("bank.db"), statement);
      const { code, stdout } = await runDemo(args, SMALL);
      assert.equal(code, 3, statement);
      assert.match(
        stdout,
        /^WRONG {2}accounts that differ between log and read model: \d$/m,
        statement,
      );
      assert.ok(stdout.includes(`       ${message}\n`), stdout);
    }
  }));

test("money that the log does not account for is found", () =>
  inFolder(async (path) => {
    const args = ["-", "--database", path("bank.db")];
    await runDemo(args, SMALL);
    // The event that puts the money in, so the reserved cents are nowhere.
    execute(
      path("bank.db"),
      `UPDATE events SET event = replace(event, '"cents":23456', '"cents":23455')
       WHERE event LIKE '%TransferReceived%'`,
    );
    const { code, stdout } = await runDemo(args, SMALL);
    assert.equal(code, 3);
    assert.match(stdout, /^WRONG {2}1,234.56 in - 4.56 out = 1,230.00; /m);
    assert.match(stdout, /^ {7}grace: log 229.99, balance 230.00/m);
  }));

test("two runs at the same time apply each command once", () =>
  inFolder(async (path) => {
    await writeFile(path("commands.jsonl"), toLines(generate(400, 5)));
    const args = [path("commands.jsonl"), "--database", path("bank.db")];
    await runDemo(["-", "--database", path("bank.db")]);
    const both = await Promise.all([runDemo(args), runDemo(args)]);
    const alone = await runDemo([args[0]!, "--database", path("alone.db")]);
    const last = await runDemo(args);
    assert.deepEqual(both.map(({ code }) => code), [0, 0], both[0].stderr);
    assert.equal(last.code, 0);
    assert.equal(tableOf(last.stdout), tableOf(alone.stdout));
  }));

test("an empty file is all right", () =>
  inFolder(async (path) => {
    const { code, stdout } = await runDemo(["-", "--database", path("b.db")]);
    assert.equal(code, 0);
    assert.match(stdout, /^0 lines: 0 applied/m);
  }));

test("wrong use is answered with exit code 2 and makes no database", () =>
  inFolder(async (path) => {
    const database = path("bank.db");
    const cases: [string[], RegExp][] = [
      [["--nope"], /--nope/],
      [["a", "b"], /Expected one file of commands: got 2/],
      [[path("missing.jsonl"), "--database", database], /ENOENT/],
      [[path("."), "--database", database], /it is a directory/],
      [["-", "--database", "oracle://u:secret@host"], /kind "oracle:"/],
      [["-", "--database", path("no/such/folder.db")], /Cannot open/],
    ];
    for (const [args, reason] of cases) {
      const { code, stdout, stderr } = await runDemo(args);
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
      assert.match(stderr, reason);
      assert.doesNotMatch(stderr, /secret/);
    }
    await assert.rejects(() => readFile(database), /ENOENT|os error 2/);
  }));

test("--help explains the exit codes", async () => {
  const { code, stdout } = await runDemo(["--help"]);
  assert.equal(code, 0);
  assert.match(stdout, /Exit code:\n {2}0 /);
});

test("a database can be named by its URL", () =>
  inFolder(async (path) => {
    await runDemo(["-", "--database", `sqlite:${path("b.db")}`], SMALL);
    const { stdout } = await runDemo(["-", "--database", path("b.db")], SMALL);
    assert.match(stdout, /7 already applied/);
  }));

test("the commands of the demo are those of the generator", async () => {
  const file = new URL("../../examples/bank/commands.jsonl", import.meta.url);
  assert.equal(await readFile(file, "utf8"), toLines(generate(3000, 1)));
});

function execute(path: string, statement: string): void {
  const database = new DatabaseSync(path);
  const { changes } = database.prepare(statement).run();
  database.close();
  assert.equal(changes, 1, statement);
}

function tableOf(stdout: string): string {
  return stdout.slice(0, stdout.indexOf("\n\n"));
}
