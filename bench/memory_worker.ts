/** The process whose memory is measured: `deno run -A memory_worker.ts URL EVENTS`. */
import process from "node:process";
import { runMemory } from "./memory.ts";

const [server, events] = process.argv.slice(2);
await runMemory(server!, Number(events), (line) => console.log(line));
