import {
  type BaseAggregate,
  type Claims,
  createAggregate,
  createCommands,
  createDomain,
  createDomainV1,
  findReservation,
  type Reservation,
} from "evtstore";
import {
  createProvider,
  type MemoryTransaction,
} from "evtstore/provider/memory";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

type UserEvent =
  | { type: "Registered"; email: string }
  | { type: "Left" };
type User = { email: string };
type UserCommand =
  | { type: "register"; email: string }
  | { type: "leave" };

const user = createAggregate({
  stream: "users",
  create: (): User => ({ email: "" }),
  fold: (event: UserEvent): Partial<User> =>
    event.type === "Registered" ? { email: event.email } : {},
});
const provider = createProvider();
const { domain } = createDomain({ provider }, { user });

const users = createCommands(domain.user, {
  register: (cmd: { email: string }) => ({
    events: { type: "Registered", email: cmd.email },
    reserve: [cmd.email],
    requires: [{ stream: "teams", aggregateId: "t", version: 1 }],
  }),
  async leave(_cmd: Record<never, never>, { email, version }) {
    if (version === 0) return;
    if (email === "") return { type: "Left" };
    return { events: [{ type: "Left" }], release: [email] };
  },
});

test("a command handler returns claims beside its events, and infers as without", async () => {
  const registered = () => users.register("ada", { email: "a" });
  expectType<
    Equal<Awaited<ReturnType<typeof registered>>, User & BaseAggregate>
  >();
  expectType<
    Equal<Parameters<typeof users.register>[1], { email: string }>
  >();
  void registered;
  // @ts-expect-error the body is another one
  void (() => users.register("ada", {}));
  const found = await findReservation(provider, "a");
  expectType<Equal<typeof found, Reservation | undefined>>();
  const tx = null as unknown as MemoryTransaction;
  void (() => findReservation(provider, "a", { tx }));
  // @ts-expect-error a transaction of another driver
  void (() => findReservation(provider, "a", { tx: "not a transaction" }));
});

test("claims are options of a call as well", () => {
  const claims: Claims = { reserve: ["a"], release: ["b"] };
  void (() => users.register("ada", { email: "a" }, claims));
  void (() =>
    users.register("ada", { email: "a" }, {
      requires: [{ stream: "teams", aggregateId: "t", version: 1 }],
    }));
  void (() =>
    users.register("ada", { email: "a" }, {
      // @ts-expect-error the version is missing
      requires: [{ stream: "teams", aggregateId: "t" }],
    }));
  // @ts-expect-error one key is a list of one
  void (() => users.register("ada", { email: "a" }, { reserve: "a" }));
});

test("events beside claims are the aggregate's own", () => {
  createCommands(domain.user, {
    // @ts-expect-error there is no such event
    wrong: () => ({ events: { type: "Renamed" }, reserve: ["a"] }),
  });
  // @ts-expect-error the event has another form
  createCommands(domain.user, {
    wrong: () => ({ events: [{ type: "Registered", email: 7 }] }),
  });
  createCommands(domain.user, {
    // @ts-expect-error keys are text
    wrong: () => ({ events: { type: "Left" }, reserve: [7] }),
  });
});

test("commands of a given union, and of a domain of one aggregate, claim too", () => {
  createCommands<UserEvent, User, UserCommand>(domain.user, {
    register: async ({ email }) => ({
      events: { type: "Registered", email },
      reserve: [email],
    }),
    leave: async () => ({ events: { type: "Left" } }),
  });
  const one = createDomainV1({
    provider,
    stream: "users",
    aggregate: (): User => ({ email: "" }),
    fold: (event: UserEvent): Partial<User> =>
      event.type === "Registered" ? { email: event.email } : {},
  }, {
    register: ({ email }: { email: string }) => ({
      events: { type: "Registered", email },
      reserve: [email],
    }),
  });
  void (() => one.command.register("ada", { email: "a" }, { release: ["b"] }));
});
