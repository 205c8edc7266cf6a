import assert from "node:assert/strict";
import type { SetUp } from "./set_up.ts";

/** Every event was live for one version, and handled by the last one in order. */
export function expectOneLive({ of, seen }: SetUp, message = ""): void {
  const log = [...new Set(seen.map(({ event }) => event))];
  const [one, two] = [of(1), of(2, false)];
  for (const event of log) {
    const times = Number(one.includes(event)) + Number(two.includes(event));
    assert.equal(
      times,
      1,
      `${message}: ${event} was live ${times} times\n${one}\n${two}`,
    );
    const isReplay = of(2, true).includes(event);
    assert.equal(isReplay, one.includes(event), `${message}: ${event}`);
  }
  for (const id of new Set(log.map(([id]) => id))) {
    const events = [...new Set(of(2).filter((event) => event[0] === id))];
    const expected = events.map((_, index) => `${id}${index + 1}`);
    assert.deepEqual(events, expected, `${message}: the events of ${id}`);
  }
}
