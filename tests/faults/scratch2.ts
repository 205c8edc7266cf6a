import { Proxy } from "./proxy.ts";
import { connectTo } from "../providers/support/nats.ts";
import process from "node:process";
const { proxy, address } = await Proxy.before(process.env.NATS_URL + "/x");
const c = await connectTo(address.replace("/x", ""));
let start = performance.now();
const t = () => Math.round(performance.now() - start);
(async () => { for await (const s of c.status()) console.log(t(), JSON.stringify(s)); })();
for (let i = 0; i < 12; i++) {
  const bytes = Math.floor(Math.random() * 2 ** (4 + Math.floor(Math.random() * 9)));
  const direction = Math.random() < 0.5 ? "to the server" : "to the client";
  start = performance.now();
  console.log("cut", direction, bytes);
  proxy.cutAt({ direction, bytes } as any);
  let ok = 0;
  while (proxy.isArmed || ok < 3) {
    const before = t();
    try { await c.request("$JS.API.INFO", "", { timeout: 1000 }); ok++; if (proxy.isArmed) ok = 0; }
    catch (e) { ok = 0; console.log(t(), before, (e as Error).name, (e as Error).message, (e as any).cause?.name); await new Promise((r) => setTimeout(r, 50)); }
  }
  console.log("ok", t());
}
process.exit(0);
