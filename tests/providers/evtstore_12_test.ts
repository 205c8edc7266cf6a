import { testProvider } from "evtstore/testing";
import { createEvtstore12Provider } from "./evtstore_12_provider.ts";

testProvider("a provider written for evtstore 12", {
  capabilities: [],
  async open() {
    return { provider: createEvtstore12Provider(), close: async () => {} };
  },
});
