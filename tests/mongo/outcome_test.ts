import assert from "node:assert/strict";
import { appendTo, onMongo, open } from "./support.ts";
import { startPrivateServer } from "./private_server.ts";

/** What becomes of the next commands, instead of what should. */
type Fault = {
  failCommands: string[];
  errorCode?: number;
  closeConnection?: true;
  errorLabels?: string[];
};

onMongo("whatever fails on the way, an append is stored once", async (t) => {
  const server = await startPrivateServer(t);
  if (!server) return;
  const { provider, database } = await open(t, {}, server);
  const failNext = (data: Fault) =>
    database.client.db("admin").command({
      configureFailPoint: "failCommand",
      mode: { times: 1 },
      data,
    });
  const transient = ["TransientTransactionError"];
  const faults: Fault[] = [
    { failCommands: ["insert"], closeConnection: true },
    { failCommands: ["insert"], errorCode: 112 },
    { failCommands: ["insert"], errorCode: 112, errorLabels: transient },
    { failCommands: ["insert"], errorCode: 91 },
    { failCommands: ["commitTransaction"], closeConnection: true },
    { failCommands: ["commitTransaction"], errorCode: 91 },
    {
      failCommands: ["commitTransaction"],
      errorCode: 251,
      errorLabels: transient,
    },
  ];
  for (const [index, fault] of faults.entries()) {
    for (const count of [1, 3]) {
      const id = `${index} ${count}`;
      // A single event needs no transaction.
      if (count === 1 && fault.failCommands[0] === "commitTransaction") {
        continue;
      }
      let failures = 0;
      const isFailing = ({ commandName }: { commandName: string }) => {
        if (fault.failCommands.includes(commandName)) failures++;
      };
      database.client.on("commandFailed", isFailing);
      await failNext(fault);
      const positions = await appendTo(provider, id, 1, { count });
      database.client.off("commandFailed", isFailing);
      assert.ok(failures > 0, `${JSON.stringify(fault)} hit nothing`);
      const stored = await provider.getEventsFor("counters", id);
      assert.equal(stored.length, count, JSON.stringify(fault));
      assert.deepEqual(stored.map(({ position }) => position), positions);
    }
  }
});

onMongo("a transaction runs again, and is committed once", async (t) => {
  const server = await startPrivateServer(t);
  if (!server) return;
  const { provider, database } = await open(t, {}, server);
  const failNext = (data: Fault) =>
    database.client.db("admin").command({
      configureFailPoint: "failCommand",
      mode: { times: 1 },
      data,
    });
  let runs = 0;
  await provider.transact(async (tx) => {
    runs++;
    if (runs === 1) {
      await failNext({
        failCommands: ["insert"],
        errorCode: 112,
        errorLabels: ["TransientTransactionError"],
      });
    }
    await appendTo(provider, "ada", 1, { count: 2, tx });
  });
  assert.equal(runs, 2);
  await provider.transact(async (tx) => {
    await appendTo(provider, "ada", 3, { tx });
    await failNext({
      failCommands: ["commitTransaction"],
      closeConnection: true,
    });
  });
  assert.equal((await provider.getEventsFor("counters", "ada")).length, 3);
});
