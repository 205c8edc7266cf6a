import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlace, findFaultDatabases } from "../faults/databases.ts";
import { openStore } from "../faults/open_store.ts";
import { Proxy } from "../faults/proxy.ts";

/** What the server says until a connection is ready has about 120 bytes. */
const CUTS = Array.from(
  { length: 30 },
  (_, index) => index < 10 ? index : index * 4,
);

for (const database of await findFaultDatabases()) {
  if (database.server !== "neo4j") continue;
  test("a connection that ends while it is opened is tried again", async () => {
    const place = await createPlace(database);
    const { proxy, address } = await Proxy.before(place.address);
    for (const bytes of CUTS) {
      const { provider, close } = await openStore(address);
      proxy.cutAt({ direction: "to the client", bytes });
      assert.equal(await provider.getPosition("new"), 0, `${bytes} bytes`);
      await close();
    }
    assert.equal(proxy.cuts, CUTS.length);
    await proxy.refuse();
    await place.remove();
  });
}
