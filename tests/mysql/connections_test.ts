import assert from "node:assert/strict";
import { createProvider } from "../../providers/knex.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import {
  append,
  onDatabase,
  readLog,
  rejectsWith,
  storedIds,
} from "./support.ts";

const refused: { name: string; setting: string; message: RegExp }[] = [
  {
    name: "backslashes escape nothing, which the driver relies on",
    setting: "SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')",
    message: /NO_BACKSLASH_ESCAPES/,
  },
  {
    name: "the server would cut what is too long",
    setting: "SET sql_mode = ''",
    message: /sql_mode is not strict/,
  },
  {
    name: "nothing would be committed",
    setting: "SET autocommit = 0",
    message: /autocommit is off/,
  },
];

for (const { name, setting, message } of refused) {
  onDatabase(
    "mariadb",
    `a connection is refused on which ${name}`,
    async ({ client, url }) => {
      const other = knexOnMysql(url);
      other.client.pool.max = 1;
      await other.raw(setting);
      const provider = createProvider({ client: other, onError: () => {} });
      await rejectsWith(append(provider, "id", 1), "NOT_SUPPORTED", message);
      await rejectsWith(
        provider.getEventsFor("stream", "' OR 1=1 -- \\"),
        "NOT_SUPPORTED",
        message,
      );
      assert.deepEqual(await storedIds(client), []);
      await other.destroy();
    },
  );
}

onDatabase(
  "mariadb",
  "a connection is refused that cannot carry every text",
  async ({ url }) => {
    for (const charset of ["UTF8_GENERAL_CI", "LATIN1_SWEDISH_CI"]) {
      const client = knexOnMysql(url, { charset });
      const provider = createProvider({ client, onError: () => {} });
      await rejectsWith(append(provider, "id", 1), "NOT_SUPPORTED", /utf8mb4/);
      await client.destroy();
    }
  },
);

onDatabase(
  "mariadb",
  "what the application sets for its own statements changes nothing",
  async ({ provider, url }) => {
    const client = knexOnMysql(url, {
      rowsAsArray: true,
      namedPlaceholders: true,
      dateStrings: true,
      bigNumberStrings: true,
      supportBigNumbers: true,
      timezone: "+05:00",
      typeCast: () => "nothing",
    });
    client.client.config.postProcessResponse = () => "nothing";
    client.client.config.wrapIdentifier = () => "nothing";
    const own = createProvider({ client, onError: () => {} });
    const stored = await append(own, "id", 1);
    assert.equal(typeof stored.position, "number");
    assert.deepEqual(await readLog(own), [stored]);
    assert.deepEqual(await provider.getEventsFor("stream", "id"), [stored]);
    await client.destroy();
  },
);

onDatabase(
  "mariadb",
  "two times at the change of clocks are two times",
  async ({ provider, client }) => {
    const times = ["2026-10-25T00:30:00.001Z", "2026-10-25T01:30:00.999Z"];
    const events = provider.createEvents("stream", "id", 1, [
      { type: "Before" },
      { type: "After" },
    ]).map((event, at) => ({ ...event, timestamp: new Date(times[at]!) }));
    await provider.append("stream", "id", 1, events);
    const read = await provider.getEventsFor("stream", "id");
    assert.deepEqual(read.map((one) => one.timestamp.toISOString()), times);
    const [[row]] = await client.raw(
      "SELECT CAST(timestamp AS CHAR) AS text FROM events",
    );
    assert.equal(row.text, "2026-10-25 00:30:00.001");
  },
);

onDatabase(
  "mariadb",
  "ids of more than 255 characters are refused before anything is written",
  async ({ provider, client }) => {
    const long = "x".repeat(256);
    await rejectsWith(
      append(provider, long, 1),
      "INVALID_INPUT",
      /aggregateId/,
    );
    await rejectsWith(
      provider.append(
        "stream",
        "id",
        1,
        provider.createEvents("stream", "id", 1, [{ type: "Happened" }]),
        { commandId: long },
      ),
      "INVALID_INPUT",
      /commandId to have at most 255 characters: it has 256/,
    );
    // 255 characters, though twice as many units of UTF-16.
    await append(provider, "😀".repeat(127), 1);
    assert.deepEqual(await storedIds(client), ["😀".repeat(127)]);
  },
);
