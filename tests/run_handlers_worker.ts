/** A service for `run_handlers_test.ts`, which sends it a signal. */
import { createHandler, runHandlers } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import process from "node:process";

const provider = createProvider();
const events = provider.createEvents("a", "x", 1, [{ type: "Done" }]);
await provider.append("a", "x", 1, events);
const handler = createHandler<{ a: { type: "Done" } }>({
  bookmark: "one",
  streams: ["a"],
  provider,
});
const hangs = process.argv[2] === "hang";
handler.handle("a", "Done", async () => {
  console.log(JSON.stringify({ event: "handling" }));
  await new Promise((resolve) => setTimeout(resolve, hangs ? 60_000 : 100));
});
const service = runHandlers([handler], { stopMs: hangs ? 200 : 10_000 });
await service.stopped;
const position = await provider.getPosition("one");
console.log(JSON.stringify({ event: `position ${position}` }));
