/**
 * One of several processes on one log:
 *
 *     worker.ts URLS NAME PROCESS write PACE   prints each event that is stored
 *     worker.ts URLS NAME PROCESS handle       prints each event it is given
 *
 * Writers go on for ever, whatever happens to the servers, each with aggregates
 * of its own and one that all share. It ends with its input.
 */
import process from "node:process";
import { headers } from "@nats-io/transport-node";
import {
  createHandler,
  type EventMeta,
  StoreError,
  VersionError,
} from "evtstore";
import { createProvider } from "../../providers/nats.ts";
import { connectTo } from "../providers/support/nats.ts";
import { nameOf, sleep } from "./support.ts";

const [urls = "", name = "", own = "", task = "", pace = "0"] = process.argv
  .slice(2);
const connection = await connectTo(urls);
const provider = createProvider<any>({
  connection,
  headers,
  name,
  onError: () => {},
});
let isOver = false;

async function write(aggregateId: string): Promise<void> {
  let version = 0;
  for (let count = 1; !isOver; count++) {
    const parts = 1 + count % 3;
    const events = Array.from({ length: parts }, (_, part) => ({
      type: "Written",
      commit: `${own} ${aggregateId} ${count}`,
      part,
    }));
    try {
      await provider.append(
        "written",
        aggregateId,
        version + 1,
        provider.createEvents("written", aggregateId, version + 1, events),
      );
      for (const _ of events) {
        console.log(nameOf({ aggregateId, version: ++version }));
      }
    } catch (error) {
      const isExpected = error instanceof StoreError ||
        error instanceof VersionError;
      if (!isExpected) throw error;
      const last = await provider.getLastEventFor("written", aggregateId)
        .catch(() => undefined);
      version = last?.version ?? version;
      if (error instanceof StoreError) await sleep(50);
    }
    await sleep(Number(pace));
  }
}

/** Lines that the read model has, by key: at least once changes nothing. */
function handle(): { stop(): Promise<void> } {
  const handler = createHandler<any>({
    bookmark: "tail",
    streams: ["written"],
    provider,
    poll: 200,
  });
  handler.handle(
    "written",
    "Written",
    async (_id: string, _event: unknown, meta: EventMeta) => {
      console.log(nameOf(meta));
    },
  );
  handler.start();
  return handler;
}

if (task === "handle") {
  const handler = handle();
  for await (const _ of process.stdin);
  await handler.stop();
} else {
  const writing = ["1", "2", "3"].map((number) => write(`${own}-${number}`));
  writing.push(write("shared"));
  for await (const _ of process.stdin);
  isOver = true;
  await Promise.all(writing);
}
await connection.close();
