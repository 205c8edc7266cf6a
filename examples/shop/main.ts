/** `deno task example:shop`: a day in the shop. */
import process from "node:process";
import { parseArgs } from "node:util";
import { connectDatabase } from "../bank/open_database.ts";
import { createShop } from "./shop.ts";
import { tellStory } from "./story.ts";

const { values } = parseArgs({
  options: { database: { type: "string", default: "shop.db" } },
});
const { provider, close } = await connectDatabase(values.database);
try {
  const shop = createShop({ ...provider, onError: () => {} });
  await tellStory(shop, console.log, new Date().toISOString());
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await close();
}
