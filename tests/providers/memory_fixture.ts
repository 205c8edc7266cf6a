import { allCapabilities, type ProviderFixture } from "evtstore/testing";
import {
  createProvider,
  type MemoryTransaction,
} from "evtstore/provider/memory";

/** The memory provider, with a table of its own in its records. */
export const memoryFixture: ProviderFixture<MemoryTransaction> = {
  capabilities: allCapabilities,
  async open() {
    const provider = createProvider({ onError: () => {} });
    const { records } = provider;
    return {
      provider,
      scratch: {
        async write(tx, key, value) {
          const found = await records.get("scratch", key, { tx });
          const revision = found?.revision ?? 0;
          await records.put("scratch", key, value, { revision, tx });
        },
        read: async (key) => (await records.get("scratch", key))?.value,
      },
      close: async () => {},
    };
  },
};
