import {
  createAggregate,
  createCommands,
  createDomain,
  createRecordKeys,
} from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { append, ask, memory } from "./support.ts";

type UserEvent =
  | { type: "Joined"; name: string | null; plan: string }
  | { type: "Moved"; plan: string };

const user = createAggregate({
  stream: "users",
  create: () => ({ name: "" as string | null, plan: "" }),
  fold: (event: UserEvent) =>
    event.type === "Joined"
      ? { name: event.name, plan: event.plan }
      : { plan: event.plan },
  personal: { fields: { Joined: { name: null } } },
});

async function joined(keys?: "elsewhere") {
  const provider = memory();
  const options = keys
    ? { provider, keys: createRecordKeys(memory().records!) }
    : { provider };
  const made = createDomain(options, { user });
  const users = createCommands(made.domain.user, {
    join: ({ name }: { name: string }) => ({
      type: "Joined" as const,
      name,
      plan: "free",
    }),
  });
  await users.join("ada", { name: "Ada Lovelace" });
  await users.join("bob", { name: "Robert Tables" });
  await made.forget("bob");
  return { provider, made };
}

const namesOf = (events: any[]) =>
  Object.fromEntries(
    events.map((one) => [one.aggregateId, [one.event.name, one.personal.name]]),
  );

test("what is personal is null, and said to be sealed or forgotten", async () => {
  const { provider } = await joined();
  for (const domain of [undefined, { user }]) {
    const asked = ask(provider, { domain });
    const { events } = await asked.get("/api/events");
    assert.deepEqual(namesOf(events), {
      ada: [null, "sealed"],
      bob: [null, "forgotten"],
    });
    const text = await (await asked.fetch("/api/events")).text();
    assert.doesNotMatch(text, /evtstore:sealed|Lovelace/);
    const found = await asked.get("/api/events", { text: "Lovelace" });
    assert.deepEqual(found.events, []);
  }
});

test("a fold gets the placeholder of what is sealed", async () => {
  const { provider, made } = await joined();
  for (const domain of [{ user }, made]) {
    const { get } = ask(provider, { domain });
    const { events: [event] } = await get("/api/aggregate", {
      stream: "users",
      id: "ada",
    });
    assert.deepEqual(event.state, { name: null, plan: "free" });
  }
  const { get } = ask(provider, { domain: { user } });
  const { domain: [known] } = await get("/api/overview");
  assert.deepEqual(known.personal, { Joined: ["name"] });
});

test("told to decrypt, it shows what is not forgotten", async () => {
  const { provider, made } = await joined();
  for (const domain of [undefined, { user }, made]) {
    const { get } = ask(provider, { domain, personal: true });
    const { events } = await get("/api/events");
    assert.deepEqual(namesOf(events), {
      ada: ["Ada Lovelace", "open"],
      bob: [null, "forgotten"],
    });
    if (!domain) continue;
    const aggregate = await get("/api/aggregate", {
      stream: "users",
      id: "ada",
    });
    assert.equal(aggregate.events[0].state.name, "Ada Lovelace");
  }
});

test("keys that are kept elsewhere are used by the domain that has them", async () => {
  const { provider, made } = await joined("elsewhere");
  const without = ask(provider, { personal: true });
  const { events } = await without.get("/api/events");
  assert.deepEqual(namesOf(events), {
    ada: [null, "unreadable"],
    bob: [null, "unreadable"],
  });
  const { get } = ask(provider, { personal: true, domain: made });
  const opened = await get("/api/events");
  assert.deepEqual(namesOf(opened.events), {
    ada: ["Ada Lovelace", "open"],
    bob: [null, "forgotten"],
  });
});

test("what was stored before its field became personal is not shown either", async () => {
  const { provider } = await joined();
  await append(provider, "users", "eve", [
    { type: "Joined", name: "Eve", plan: "free" },
  ]);
  const { get } = ask(provider, { domain: { user } });
  const { events } = await get("/api/events", { aggregate: "eve" });
  assert.deepEqual(namesOf(events), { eve: [null, "sealed"] });
  const open = ask(provider, { domain: { user }, personal: true });
  const shown = await open.get("/api/events", { aggregate: "eve" });
  assert.deepEqual(namesOf(shown.events), { eve: ["Eve", "open"] });
});
