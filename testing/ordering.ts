import { createAggregate } from "../core/aggregate.ts";
import { systemClock } from "../core/clock.ts";
import { createCommands } from "../core/commands.ts";
import { createDomainV2 } from "../core/domain_v2.ts";
import type { Duration } from "../core/duration.ts";
import { CommandError } from "../core/errors.ts";
import { createProcessAt } from "../core/process.ts";
import type { ProcessControls } from "../core/process_controls.ts";
import type { Provider } from "../core/provider.ts";
import type { Subject } from "./subject.ts";
import { eventually } from "./time.ts";

/** An hour in milliseconds. */
const HOUR = 3_600_000;

type OrderEvent =
  | { type: "Placed"; cents: number }
  | { type: "Reserved" }
  | { type: "Refused" }
  | { type: "Paid" }
  | { type: "Expired" }
  | { type: "Cancelled" };
type BudgetEvent = { type: "Spent"; orderId: string; cents: number };

/** The names of an ordering, which another one on the same data shares. */
export type OrderingNames = { orders: string; budget: string; process: string };

/** What an ordering is made with. */
export type OrderingOptions = {
  /** Those of another one. */
  names?: OrderingNames;
  /** The provider, if it is not the one that is tested. */
  provider?: Provider<any>;
  /** The most that may be spent. Default: 100. */
  limit?: number;
  /** Whether commands fail before they do anything. */
  failing?: boolean;
  /** Whether the process decides otherwise than it is expected to. */
  otherwise?: boolean;
  /** How many hours its clock is ahead. */
  hours?: number;
  /** How long an order waits for its payment. Default: "24h". */
  patience?: Duration;
};

/** A small domain with a process manager: it reserves, and waits a day. */
export type Ordering = {
  names: OrderingNames;
  process: ProcessControls<{ cents: number }>;
  place(id: string, cents: number): Promise<unknown>;
  pay(id: string): Promise<unknown>;
  /** The types of an order's events. */
  eventsOf(id: string): Promise<string[]>;
  /** Everything that is stored of one order and its process. */
  contents(id: string): Promise<Contents>;
  /** Runs the process, and again while a writer holds readers back. */
  runUntil(isEnough: () => Promise<boolean>): Promise<void>;
  /** Lets the process see all events once more. */
  rewind(): Promise<void>;
};

/** What is stored of one order. */
export type Contents = {
  order: string[];
  spent: number;
  own: number;
  timers: string[];
};

/** Makes an ordering. */
export function createOrdering(
  subject: Subject,
  options: OrderingOptions = {},
): Ordering {
  const {
    provider = subject.provider,
    limit = 100,
    failing = false,
    hours = 0,
    patience = "24h",
    names = {
      orders: subject.unique("orders"),
      budget: subject.unique("budget"),
      process: subject.unique("process"),
    },
  } = options;
  const { domain } = createDomainV2({ provider }, {
    order: createAggregate({
      stream: names.orders,
      create: () => ({ events: [] as string[] }),
      fold: ({ type }: OrderEvent, { events }) => ({
        events: [...events, type],
      }),
    }),
    budget: createAggregate({
      stream: names.budget,
      create: () => ({ cents: 0 }),
      fold: (event: BudgetEvent, { cents }) => ({ cents: cents + event.cents }),
    }),
  });
  const dies = () => {
    if (failing) throw new Error("died");
  };
  const retry = { retries: 9 };
  const orders = createCommands(domain.order, {
    place: ({ cents }: { cents: number }) => ({ type: "Placed", cents }),
    pay: () => ({ type: "Paid" }),
    reserve: () => ({ type: "Reserved" }),
    expire: () => ({ type: "Expired" }),
    cancel: () => ({ type: "Cancelled" }),
  }, retry);
  const budgets = createCommands(domain.budget, {
    spend({ orderId, cents }: { orderId: string; cents: number }) {
      dies();
      if (cents > limit) throw new CommandError("Too much", "LIMIT");
      return { type: "Spent", orderId, cents };
    },
  }, retry);

  const now = () => Date.now() + hours * HOUR;
  const process = createProcessAt({ ...systemClock, now }, {
    name: names.process,
    streams: [domain.order, domain.budget],
    commands: { orders, budgets },
    timers: ["unpaid"],
    poll: 5,
    create: () => ({ cents: 0 }),
    fold: (event: { type: "Began"; cents: number }) => ({ cents: event.cents }),
  });
  process.startsOn(names.orders, (_event, id) => id, {
    Placed: ({ cents }, { id, send, setTimer, end }) =>
      options.otherwise ? [send.orders.cancel(id, {}), end()] : [
        { type: "Began", cents },
        setTimer("unpaid", { after: patience }),
        send.budgets.spend(id, { orderId: id, cents }),
      ],
    Paid: (_event, { end }) => end(),
  });
  process.on(names.budget, (event: BudgetEvent) => event.orderId, {
    Spent: (_event, { id, send }) => send.orders.reserve(id, {}),
  });
  process.onTimer("unpaid", (_timer, { id, send, end }) => [
    send.orders.expire(id, {}),
    end(),
  ]);
  process.onRefused("budgets", {
    spend: (_refused, { id, send, end }) => [send.orders.cancel(id, {}), end()],
  });

  const eventsOf = async (id: string) =>
    (await domain.order.getAggregate(id)).events;
  return {
    names,
    process,
    place: (id, cents) => orders.place(id, { cents }),
    pay: (id) => orders.pay(id, {}),
    eventsOf,
    async contents(id) {
      const own = await provider.getLastEventFor(names.process, id);
      return {
        order: await eventsOf(id),
        spent: (await domain.budget.getAggregate(id)).version,
        own: own?.version ?? 0,
        timers: Object.keys((await process.get(id))?.timers ?? {}),
      };
    },
    async runUntil(isEnough) {
      await eventually(
        async () => {
          await process.runOnce();
          return await isEnough();
        },
        (enough) => enough,
        subject.patience,
      );
    },
    async rewind() {
      await provider.setPosition(names.process, await subject.start());
    },
  };
}
