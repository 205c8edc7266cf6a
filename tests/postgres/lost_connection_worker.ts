/**
 * A transaction of Postgres.js whose connection is lost between two of its
 * statements; it prints the codes of what is refused:
 *
 *     lost_connection_worker.ts URL
 */
import process from "node:process";
import postgres from "postgres";
import { createProvider } from "../../providers/postgres.ts";

const [url = ""] = process.argv.slice(2);
const sql = postgres(url, { fetch_types: false });
const codes: string[] = [];
const note = ({ code }: { code: string }) => void codes.push(code);

await createProvider({ sql, onError: () => {} }).transact(async (tx) => {
  await tx.unsafe("SELECT 1");
  console.log("inside");
  // The test ends the connection, and says so.
  for await (const _ of process.stdin) break;
  await run(() => tx.unsafe("SELECT 2"));
  await run(() => tx`SELECT 3`);
  await run(() => tx.savepoint((inner) => inner`SELECT 4`));
}).catch(note);
// Until the driver has written what it was given.
await new Promise((resolve) => setTimeout(resolve, 100));
console.log(codes.join(" "));
process.exit(0);

async function run(statement: () => PromiseLike<unknown>): Promise<void> {
  try {
    await statement();
  } catch (error) {
    note(error as { code: string });
  }
}
