import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createProvider as createOldProvider,
  migrate as migrateOld,
} from "npm:evtstore@12.0.1/provider/knex.js";
import type { Knex } from "npm:knex@3";
import {
  createProvider,
  type KnexProvider,
  migrate,
} from "../../providers/knex.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import { createMysqlDatabase } from "../providers/support/mysql.ts";
import { rejectsWith, servers, sleep } from "./support.ts";

const TABLES = { events: "old_events", bookmarks: "old_bookmarks" };
const tooLong = { type: "Long", text: "x".repeat(70_000) };

/** What evtstore 12 made and wrote itself. */
async function onOldTables(
  test: (opened: {
    client: Knex;
    old: ReturnType<typeof createOldProvider<any>>;
    provider: KnexProvider<any>;
  }) => Promise<void>,
): Promise<void> {
  const { client, drop } = await createMysqlDatabase(servers.mariadb!);
  try {
    await migrateOld({ client, ...TABLES });
    const forms = {
      events: () => client.table(TABLES.events),
      bookmarks: () => client.table(TABLES.bookmarks),
    };
    const old = createOldProvider<any>(forms as any);
    await write(old, "Ada", 1, [{ type: "Opened" }, { type: "Closed" }]);
    await write(old, "bob", 1, [{ type: "Opened", text: "😀 ' \\ ?" }]);
    await old.setPosition("mark", 2);
    const provider = createProvider({ ...forms, onError: () => {} });
    await test({ client, old, provider });
  } finally {
    await drop();
  }
}

if (servers.mariadb) {
  describe("tables of evtstore 12 on MariaDB", () => {
    it("are refused before migrate, in words that name it", () =>
      onOldTables(async ({ provider }) => {
        await rejectsWith(
          provider.getEventsFor("accounts", "Ada"),
          "NOT_MIGRATED",
          /run migrate\(\)/,
        );
      }));

    it("are opened in place: events, versions and bookmarks stay", () =>
      onOldTables(async ({ client, old, provider }) => {
        const before = await old.getEventsFrom("accounts", 0);
        const statements = await migrate({ client, ...TABLES, print: true });
        assert.match(statements.join("\n"), /ALGORITHM=INSTANT/);
        assert.doesNotMatch(statements.join("\n"), /DROP|MODIFY/);
        await migrate({ client, ...TABLES });
        await migrate({ client, ...TABLES });
        assert.deepEqual(await migrate({ client, ...TABLES, print: true }), []);

        assert.deepEqual([...await provider.getEventsFrom("accounts", 0)], [
          ...before,
        ]);
        assert.equal(await provider.getPosition("mark"), 2);
        assert.equal(await provider.setPosition("mark", 3, { from: 2 }), true);
        assert.equal(await old.getPosition("mark"), 3);

        // Both go on beside each other.
        await write(provider, "Ada", 3, [{ type: "Reopened" }], "command");
        await write(old, "Ada", 4, [{ type: "Closed" }]);
        const ada = await provider.getEventsFor("accounts", "Ada");
        assert.deepEqual(ada.map((event) => event.version), [1, 2, 3, 4]);
        assert.deepEqual(
          (await old.getEventsFor("accounts", "Ada")).map(({ event }) => event),
          ada.map(({ event }) => event),
        );
        assert.equal(
          await provider.findCommand("accounts", "Ada", "command"),
          3,
        );
      }));

    it("are migrated beside a writer and an idle reader of evtstore 12", () =>
      onOldTables(async ({ client, old, provider }) => {
        let isOver = false;
        const writing = (async () => {
          let version = 1;
          for (; !isOver; version++) {
            await write(old, "writer", version, [{ type: "Written" }]);
          }
          return version - 1;
        })();
        const reader = await client.transaction();
        await reader(TABLES.events).select().limit(1);
        const migrating = migrate({ client, ...TABLES });
        // While it waits for the reader, it lets the writer go on.
        await sleep(2300);
        const during = await old.getLastEventFor("accounts", "writer");
        await sleep(700);
        const later = await old.getLastEventFor("accounts", "writer");
        assert(later!.version > during!.version);
        await reader.rollback();
        await migrating;
        isOver = true;
        const count = await writing;
        const events = await provider.getEventsFor("accounts", "writer");
        assert.equal(events.length, count);
      }));

    it("refuse what they would cut, and hold it once they are rebuilt", () =>
      onOldTables(async ({ client, provider }) => {
        await migrate({ client, ...TABLES });
        await rejectsWith(
          write(provider, "long", 1, [tooLong]),
          "INVALID_INPUT",
          /rebuild: true/,
        );
        const [before] = await provider.getEventsFor("accounts", "Ada");
        await migrate({ client, ...TABLES, rebuild: true });
        assert.deepEqual(
          await migrate({ client, ...TABLES, rebuild: true, print: true }),
          [],
        );
        const again = createProvider({ client, ...TABLES, onError: () => {} });
        await write(again, "long", 1, [tooLong]);
        const [stored] = await again.getEventsFor("accounts", "long");
        assert.deepEqual(stored!.event, tooLong);
        // Times have milliseconds from now on.
        assert.equal(stored!.timestamp.getTime(), TIME);
        assert.deepEqual(
          (await again.getEventsFor("accounts", "Ada"))[0],
          before,
        );
      }));

    it("refuse a name that they take for another, until they are rebuilt", () =>
      onOldTables(async ({ client, provider }) => {
        await migrate({ client, ...TABLES });
        for (const id of ["ada", "Ada "]) {
          await rejectsWith(
            write(provider, id, 3, [{ type: "Opened" }]),
            "NAME_COLLISION",
            /rebuild: true/,
          );
          await rejectsWith(
            provider.getEventsFor("accounts", id),
            "NAME_COLLISION",
          );
        }
        await rejectsWith(
          provider.setPosition("MARK", 1, { from: 0 }),
          "NAME_COLLISION",
        );
        await rejectsWith(provider.getPosition("Mark"), "NAME_COLLISION");
        assert.equal(await provider.getPosition("mark"), 2);
        // Another stream is not read, and not waited at.
        const page = await provider.getEventsFrom("ACCOUNTS", 0, 2);
        assert.deepEqual([...page], []);
        assert.equal(page.scannedTo, 2);

        await migrate({ client, ...TABLES, rebuild: true });
        const again = createProvider({ client, ...TABLES, onError: () => {} });
        await write(again, "ada", 1, [{ type: "Opened" }]);
        await write(again, "Ada ", 1, [{ type: "Opened" }]);
        await again.setPosition("MARK", 1, { from: 0 });
        assert.equal(await again.getPosition("mark"), 2);
      }));

    it("of something else are refused, and left as they are", async () => {
      const { client, drop } = await createMysqlDatabase(servers.mariadb!);
      await client.schema.createTable("events", (table) => {
        table.increments();
      });
      await rejectsWith(
        migrate({ client }),
        "STORE_FAILED",
        /belongs to something else/,
      );
      await rejectsWith(
        migrate({ client, events: "no?thing" }),
        "INVALID_INPUT",
      );
      await drop();
    });

    it("in another database and with hostile names are made and used", async () => {
      const { url, drop } = await createMysqlDatabase(servers.mariadb!);
      const database = new URL(url).pathname.slice(1);
      const client = knexOnMysql(servers.mariadb!);
      const name = "ev`en'ts \" \\ ;--";
      const [events, bookmarks] = [`${database}.${name}`, `${database}.marks`];
      await migrate({ client, events, bookmarks });
      const provider = createProvider({
        events: () => client.withSchema(database).table(name),
        bookmarks: () => client.table(bookmarks),
      });
      await write(provider, "id", 1, [{ type: "Opened" }]);
      await provider.setPosition("mark", 1, { from: 0 });
      assert.equal((await provider.getEventsFrom("accounts", 0)).length, 1);
      assert.equal(await provider.getPosition("mark"), 1);
      await provider.records.put("kind", "key", 1, { revision: 0 });
      await client.destroy();
      await drop();
    });
  });
}

const TIME = Date.parse("2026-03-01T12:00:00.123Z");

async function write(
  provider: Pick<KnexProvider<any>, "append" | "createEvents">,
  id: string,
  version: number,
  events: { type: string; text?: string }[],
  commandId?: string,
): Promise<void> {
  const stored = provider.createEvents("accounts", id, version, events)
    .map((event) => ({ ...event, timestamp: new Date(TIME) }));
  await provider.append(
    "accounts",
    id,
    version,
    stored,
    ...(commandId === undefined ? [] : [{ commandId }]),
  );
}
