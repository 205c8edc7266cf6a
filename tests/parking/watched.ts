import type { Provider } from "evtstore";

/**
 * The same provider, with something around each call that reads or writes: to
 * end a process there, or to let another one go first.
 */
export function watched(
  provider: Provider<any>,
  around: <T>(name: string, call: () => Promise<T>) => Promise<T>,
): Provider<any> {
  const records = provider.records!;
  const { transact } = provider;
  return {
    ...provider,
    getPosition: (...args) =>
      around("getPosition", () => provider.getPosition(...args)),
    setPosition: (...args) =>
      around("setPosition", () => provider.setPosition(...args)),
    getEventsFrom: (...args) =>
      around("getEventsFrom", () => provider.getEventsFrom(...args)),
    getEventsFor: (...args) =>
      around("getEventsFor", () => provider.getEventsFor(...args)),
    ...transact && {
      transact: (work) => around("transact", () => transact(work)),
    },
    records: {
      get: (...args) => around("get", () => records.get(...args)),
      list: (...args) => around("list", () => records.list(...args)),
      due: (...args) => around("due", () => records.due(...args)),
      put: (...args) => around("put", () => records.put(...args)),
      remove: (...args) => around("remove", () => records.remove(...args)),
    },
  };
}
