import assert from "node:assert/strict";
import { test } from "node:test";
import type { NatsConnection } from "./nats_connection.ts";
import { LostConnection, NotConnected } from "./nats_errors.ts";
import { NatsLink } from "./nats_link.ts";

/** A connection that answers when it is told to. */
class FakeConnection implements NatsConnection {
  info: undefined;
  sent: string[] = [];
  #answer: (text: string) => void = () => {};
  #report: (status: string | undefined) => void = () => {};
  #statuses: (string | undefined)[] = [];

  request(subject: string): Promise<string> {
    this.sent.push(subject);
    return new Promise((resolve) => this.#answer = resolve);
  }

  async requestMany(subject: string): Promise<AsyncIterable<string>> {
    const answer = await this.request(subject);
    return (async function* () {
      yield* answer.split("");
    })();
  }

  subscribe(): { unsubscribe(): void } {
    return { unsubscribe() {} };
  }

  async *status(): AsyncGenerator<{ type: string }> {
    for (;;) {
      const type = this.#statuses.length > 0
        ? this.#statuses.shift()
        : await new Promise<string | undefined>((resolve) =>
          this.#report = (status) => {
            this.#statuses.shift();
            resolve(status);
          }
        );
      if (type === undefined) return;
      yield { type };
    }
  }

  isClosed(): boolean {
    return false;
  }

  async says(type: string | undefined): Promise<void> {
    this.#statuses.push(type);
    this.#report(type);
    await settled();
  }

  async answer(text: string): Promise<void> {
    this.#answer(text);
    await settled();
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 1));
const options = { timeout: 60_000 };

function open() {
  const connection = new FakeConnection();
  const link = new NatsLink(connection);
  const reconnects: number[] = [];
  const following = link.follow(() => void reconnects.push(1));
  return { connection, link, reconnects, following };
}

test("a request ends with its answer", async () => {
  const { connection, link } = open();
  const one = link.request("a", "", options);
  await settled();
  await connection.answer("yes");
  assert.equal(await one, "yes" as any);
  const many = link.requestMany("b", "", 60_000);
  await settled();
  await connection.answer("xy");
  assert.deepEqual(await many, ["x", "y"] as any);
});

test("a request ends when the connection is lost under it", async () => {
  const { connection, link } = open();
  const one = link.request("a", "", options);
  const many = link.requestMany("b", "", 60_000);
  const ended = Promise.all([
    assert.rejects(one, LostConnection),
    assert.rejects(many, LostConnection),
  ]);
  await settled();
  await connection.says("disconnect");
  await ended;
});

test("a request that is made without a connection is sent when there is one", async () => {
  const { connection, link, reconnects } = open();
  await connection.says("disconnect");
  const one = link.request("a", "", options);
  await settled();
  assert.deepEqual(connection.sent, []);
  await connection.says("reconnect");
  assert.deepEqual(connection.sent, ["a"]);
  assert.equal(reconnects.length, 1);
  await connection.answer("yes");
  assert.equal(await one, "yes" as any);
});

test("a request that finds no connection in time was never sent", async () => {
  const { connection, link } = open();
  await connection.says("disconnect");
  await assert.rejects(link.request("a", "", { timeout: 5 }), NotConnected);
  await assert.rejects(link.requestMany("a", "", 5), NotConnected);
  await connection.says("reconnect");
  assert.deepEqual(connection.sent, []);
});

test("when the connection is closed nothing waits for it", async () => {
  const { connection, link, following } = open();
  await connection.says("disconnect");
  link.request("a", "", options);
  await connection.says(undefined);
  await following;
  assert.deepEqual(connection.sent, ["a"]);
});
