import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider } from "./provider.ts";
import { overlay } from "./provider_overlay.ts";

test("an overlay has its own members, and those of a class that keeps some private", () => {
  class Counting {
    #calls = 0;
    driver = "counting";
    count() {
      return ++this.#calls;
    }
  }
  const provider: Provider<any> = Object.assign(
    new Counting(),
    createProvider(),
    { driver: "counting" },
  );
  const over: any = overlay(provider, { limit: 7 });
  assert.equal(over.count(), 1);
  assert.equal(over.driver, "counting");
  assert.equal(over.limit, 7);
});
