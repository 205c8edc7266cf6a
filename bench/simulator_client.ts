import type { EventPage, Provider } from "../core/provider.ts";
import { createRecords } from "../tests/simulation/database.ts";
import type { Machine } from "../tests/simulation/machine.ts";
import type { Scheduler } from "../tests/simulation/scheduler.ts";
import { keep, type Store } from "../tests/simulation/store.ts";
import type { Capacity } from "./simulator_process.ts";
import type { Plan } from "./simulator_plan.ts";

/** What the database of a process is made of. */
export type ClientOptions = {
  plan: Plan;
  scheduler: Scheduler;
  machine: Machine;
  store: Store;
  /** The thread of the process, which takes in what it reads. */
  thread: Capacity;
  /** Told of what has no caller to throw at. */
  onError: (error: unknown) => void;
};

/** The database as one simulated process sees it: never wrong, only slow. */
export function createClient(
  { plan, scheduler, machine, store, thread, onError }: ClientOptions,
): Provider<any> {
  const ask = <T>(ms: number, apply: () => T): Promise<T> =>
    new Promise((resolve) => {
      scheduler.in(ms / 2, "", () => {
        const answer = apply();
        scheduler.in(
          ms / 2,
          "",
          () => machine.receive(() => resolve(answer)),
        );
      });
    });
  const isWrite = /^(puts|removes) /;
  const unused = (what: string) => () => {
    throw new Error(`No handler calls ${what}`);
  };

  return {
    driver: "simulated",
    limit: plan.page,
    onError,
    records: createRecords(
      (what, apply) =>
        ask(isWrite.test(what) ? plan.commit : plan.roundTrip, apply),
      store,
      false,
      () => {},
    ),
    createEvents: unused("createEvents"),
    append: unused("append"),
    getEventsFor: unused("getEventsFor"),
    getLastEventFor: unused("getLastEventFor"),

    getPosition: (bookmark) =>
      ask(plan.roundTrip, () => store.read(bookmark) ?? 0),

    setPosition: (bookmark, position, { from } = {}) =>
      ask(plan.commit, () =>
        store.write(
          bookmark,
          undefined,
          (current = 0) =>
            from === undefined || from === current ? position : keep,
        )),

    async getEventsFrom(streams, position, size = plan.page) {
      const most = Math.min(size, plan.page);
      const events: EventPage<any> = await ask(plan.roundTrip, () => {
        const page: EventPage<any> = store.after(
          [streams].flat(),
          position,
          most,
        );
        if (page.length < most) page.scannedTo = store.end;
        return page;
      });
      await thread.use(events.length * plan.millisecondsPerRead);
      return events;
    },

    watch(listener) {
      let isOver = false;
      let seen = store.end;
      const look = () => {
        if (isOver || !machine.alive) return;
        if (store.end !== seen) {
          seen = store.end;
          listener();
        }
        scheduler.in(plan.look, "", look);
      };
      scheduler.in(plan.look * machine.clock.random(), "", look);
      return () => void (isOver = true);
    },
  };
}
