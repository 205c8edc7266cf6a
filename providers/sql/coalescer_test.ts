import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Coalescable, Coalescer } from "./coalescer.ts";

type Item = Coalescable & { name: string };
type Statement = {
  names: string[];
  /** Answers each append with its own name. */
  end(): void;
  fail(error: Error): void;
};

function item(name: string, key = name, characters = 10): Item {
  return { name, key, size: 1, characters };
}

/** Lets everything that is due run: what was gathered is sent. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** A coalescer whose statements end when they are told to. */
function open(overtaken: string[] = []) {
  const sent: Statement[] = [];
  const send = (names: string[]) =>
    new Promise<void>((resolve, reject) => {
      sent.push({ names, end: resolve, fail: reject });
    });
  const coalescer = new Coalescer<Item, string>({
    async alone({ name }) {
      await send([name]);
      return name;
    },
    async together(items) {
      await send(items.map(({ name }) => name));
      return items.map(({ name }) =>
        name.startsWith("later")
          ? { run: () => send([name]).then(() => name) }
          : name.startsWith("bad")
          ? { reason: new Error(name) }
          : { value: name }
      );
    },
    overtaken: ({ name }, stored) =>
      overtaken.includes(name)
        ? () => Promise.reject(new Error(`${name} after ${stored.name}`))
        : undefined,
  });
  return { coalescer, sent };
}

describe("Coalescer", () => {
  it("sends a single caller's append at once", () => {
    const { coalescer, sent } = open();
    coalescer.run(item("a"));
    assert.deepEqual(sent.map(({ names }) => names), [["a"]]);
  });

  it("gathers what arrives while a statement is under way", async () => {
    const { coalescer, sent } = open();
    coalescer.run(item("a"));
    const others = ["b", "c", "d"].map((name) => coalescer.run(item(name)));
    await settled();
    assert.deepEqual(sent.map(({ names }) => names), [["a"], ["b", "c", "d"]]);
    sent[1]!.end();
    assert.deepEqual(await Promise.all(others), ["b", "c", "d"]);
  });

  it("has one append of an aggregate under way, in the order they came", async () => {
    const { coalescer, sent } = open();
    const all = ["a1", "a2", "a3"].map((name) =>
      coalescer.run(item(name, "a"))
    );
    const other = coalescer.run(item("b"));
    await settled();
    assert.deepEqual(sent.map(({ names }) => names), [["a1"], ["b"]]);
    for (let index = 0; index < 4; index++) {
      sent[index]!.end();
      await settled();
    }
    assert.deepEqual(sent.slice(2).map(({ names }) => names), [["a2"], [
      "a3",
    ]]);
    assert.deepEqual(await Promise.all([...all, other]), [
      "a1",
      "a2",
      "a3",
      "b",
    ]);
  });

  it("tells those that came too late without waiting for each other", async () => {
    const { coalescer, sent } = open(["a2", "a3"]);
    const first = coalescer.run(item("a1", "a"));
    const late = ["a2", "a3"].map((name) => coalescer.run(item(name, "a")));
    const next = coalescer.run(item("a4", "a"));
    sent[0]!.end();
    assert.equal(await first, "a1");
    await assert.rejects(late[0]!, { message: "a2 after a1" });
    await assert.rejects(late[1]!, { message: "a3 after a1" });
    await settled();
    sent[1]!.end();
    assert.equal(await next, "a4");
  });

  it("gives each of a group its own result, or its own error", async () => {
    const { coalescer, sent } = open();
    coalescer.run(item("first"));
    const good = coalescer.run(item("good"));
    const bad = coalescer.run(item("bad"));
    const later = coalescer.run(item("later"));
    await settled();
    sent[1]!.end();
    assert.equal(await good, "good");
    await assert.rejects(bad, { message: "bad" });
    await settled();
    sent[2]!.end();
    assert.equal(await later, "later");
  });

  it("has at most 4 statements under way, of at most 100 appends", async () => {
    const { coalescer, sent } = open();
    coalescer.run(item("first"));
    for (let index = 0; index < 450; index++) {
      coalescer.run(item(`${index}`));
    }
    await settled();
    assert.deepEqual(sent.map(({ names }) => names.length), [
      1,
      100,
      100,
      100,
    ]);
    sent[1]!.end();
    await settled();
    assert.equal(sent[4]!.names.length, 100);
    sent[2]!.end();
    await settled();
    assert.equal(sent[5]!.names.length, 50);
  });

  it("keeps what is large out of the statement of others", async () => {
    const { coalescer, sent } = open();
    coalescer.run(item("first"));
    coalescer.run(item("a"));
    coalescer.run(item("large", "large", 5_000_000));
    coalescer.run(item("b"));
    await settled();
    assert.deepEqual(sent.map(({ names }) => names), [
      ["first"],
      ["a"],
      ["large"],
      ["b"],
    ]);
  });

  it("goes on beside appends that somebody blocks", async () => {
    const { coalescer, sent } = open();
    for (const name of ["a", "b", "c", "d"]) {
      coalescer.run(item(name));
      await settled();
    }
    const free = coalescer.run(item("free"));
    await settled();
    assert.equal(sent.length, 4);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.deepEqual(sent[4]!.names, ["free"]);
    sent[4]!.end();
    assert.equal(await free, "free");
  });

  it("makes whoever comes wait while 10,000 wait", async () => {
    const { coalescer, sent } = open();
    for (let index = 0; index <= 10_400; index++) {
      coalescer.run(item(`${index}`));
      // The first is sent at once, and four groups when all have come.
      if (index === 9_999) assert.equal(coalescer.isFull, false);
    }
    assert.equal(coalescer.isFull, true);
    let hasRoom = false;
    coalescer.room().then(() => hasRoom = true);
    await settled();
    assert.equal(coalescer.isFull, true);
    assert.equal(hasRoom, false);
    for (let index = 0; index < 3; index++) {
      sent[index]!.end();
      await settled();
    }
    assert.equal(hasRoom, true);
  });

  it("a statement that fails fails each of its appends", async () => {
    const { coalescer, sent } = open();
    coalescer.run(item("first"));
    const all = ["a", "b"].map((name) => coalescer.run(item(name)));
    await settled();
    sent[1]!.fail(new Error("lost"));
    for (const one of all) await assert.rejects(one, { message: "lost" });
    const next = coalescer.run(item("a"));
    await settled();
    sent[2]!.end();
    assert.equal(await next, "a");
  });
});
