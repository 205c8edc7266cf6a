import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Proxy } from "../faults/proxy.ts";
import { postgresServers } from "../providers/support/postgres.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const WORKER = fileURLToPath(
  new URL("lost_connection_worker.ts", import.meta.url),
);

for (const { name, url } of postgresServers) {
  describe(`Postgres.js on ${name}`, () => {
    it("a statement in a transaction without a connection is refused", async () => {
      const { proxy, address } = await Proxy.before(url);
      const child = spawn(
        process.execPath,
        ["run", "-A", "--no-check", "--config", CONFIG, WORKER, address],
        { stdio: ["pipe", "pipe", "inherit"] },
      );
      let output = "";
      child.stdout.on("data", (chunk) => output += chunk);
      const end = once(child, "close");
      while (!output.includes("inside") && child.exitCode === null) {
        await setTimeout(5);
      }
      await proxy.refuse();
      await setTimeout(100);
      child.stdin.write("go on\n");
      const [code] = await end;
      assert.equal(code, 0, "the process lives on");
      assert.equal(
        output,
        "inside\nTRANSACTION_ENDED TRANSACTION_ENDED TRANSACTION_ENDED CONNECTION_LOST\n",
      );
    });
  });
}
