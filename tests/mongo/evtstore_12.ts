import Module from "node:module";
import * as mongodb from "npm:mongodb@6";
import type { Provider } from "evtstore";

/** What is used of evtstore 12's own code. */
type Evtstore12 = {
  createProvider(options: { events: any; bookmarks: any }): Provider<any>;
  migrate(events: any, bookmarks: any): Promise<void>;
};

/**
 * The real evtstore 12. It requires a driver that it does not declare, so it is
 * given the one that the test has.
 */
export async function loadEvtstore12(): Promise<Evtstore12> {
  const loader = Module as unknown as {
    _load(request: string, ...rest: unknown[]): unknown;
  };
  const load = loader._load;
  loader._load = (request, ...rest) =>
    request === "mongodb" ? mongodb : load(request, ...rest);
  try {
    const { default: evtstore } = await import(
      "npm:evtstore@12.0.1/provider/mongo.js"
    );
    return evtstore as unknown as Evtstore12;
  } finally {
    loader._load = load;
  }
}

/**
 * The collection as a MongoDB server answers for it: it gives each empty
 * Timestamp that is inserted the time. The server of the tests leaves it empty.
 */
export function withServerTime(events: any): any {
  let second = 0;
  let count = 0;
  const fill = (position: mongodb.Timestamp) => {
    if (position.toString() !== "0") return position;
    const now = Math.floor(Date.now() / 1000);
    count = now === second ? count + 1 : 1;
    second = now;
    return new mongodb.Timestamp({ t: second, i: count });
  };
  return new Proxy(events, {
    get(target, name) {
      if (name === "insertMany") {
        return (documents: any[]) =>
          target.insertMany(documents.map((document) => ({
            ...document,
            position: fill(document.position),
          })));
      }
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
