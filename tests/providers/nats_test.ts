import { testProvider } from "evtstore/testing";
import { findNats, natsFixture } from "./support/nats.ts";

for (const { name, url, replicas } of await findNats()) {
  testProvider(name, natsFixture(url, replicas));
}
