import { after, before, describe, it } from "node:test";
import { conformanceCases } from "./conformance.ts";
import type { OpenedProvider, ProviderFixture } from "./fixture.ts";

/** More than the patience of any case. */
const CASE_MS = 600_000;

/**
 * Registers every case of the suite with `node:test`. Put it into a test file
 * and run that with `deno test`, `node --test` or `bun test`.
 *
 * The provider is opened once, and all cases share it. A minor version of this
 * library may bring new cases, and so turn a build red; it never asks for a new
 * member of the fixture.
 *
 * @example
 * ```ts
 * import { type ProviderFixture, testProvider } from "evtstore/testing";
 * import { createProvider } from "evtstore/provider/memory";
 *
 * const fixture: ProviderFixture = {
 *   capabilities: ["compareAndSet", "metadata", "watch"],
 *   async open() {
 *     const { records, transact, findCommand, horizon, ...provider } = createProvider();
 *     return { provider, close: async () => {} };
 *   },
 * };
 *
 * // A test file calls it at its top level.
 * export const test = (): void => testProvider("my provider", fixture);
 * ```
 *
 * @param name What to call the provider in the test report.
 * @param fixture How to open it, and what it has.
 */
export function testProvider<Tx = any>(
  name: string,
  fixture: ProviderFixture<Tx>,
): void {
  describe(name, () => {
    let opened: OpenedProvider<Tx> | undefined;
    before(async () => {
      opened = await fixture.open();
    });
    after(async () => {
      await opened?.close();
    });
    for (const { name, run } of conformanceCases(fixture.capabilities)) {
      // Each case ends by its own patience; Bun would give it five seconds.
      it(name, { timeout: CASE_MS }, async () => {
        if (!opened) throw new Error(`Cannot test ${name}: open() failed`);
        const { patience } = fixture;
        await run(patience === undefined ? opened : { ...opened, patience });
      });
    }
  });
}
