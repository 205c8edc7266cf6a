/**
 * A process of `kill_test.ts`: one version of a handler, which writes a row for
 * each event in the transaction that its bookmark moves in.
 */
import process from "node:process";
import { createHandler } from "evtstore";
import { createProvider } from "../../providers/sqlite.ts";

const [path, number] = process.argv.slice(2) as [string, string];
const version = Number(number);
const handler = createHandler<{ a: { type: "Done"; at: number } }>({
  bookmark: "model",
  streams: ["a"],
  provider: createProvider({
    path,
    onError: (error) => console.log(`${error.code ?? error}`),
  }),
  transactional: true,
  poll: 20,
  ...version > 1 && { version },
});
handler.handle("a", "Done", (_id, { at }, { replay = false }, tx) => {
  tx.prepare("INSERT INTO seen (version, event, replay) VALUES (?, ?, ?)")
    .run(version, at, Number(replay));
});
handler.start();
console.log("started");
