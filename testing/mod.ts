/**
 * Shows that a provider keeps what EvtStore promises. An application that
 * writes a provider of its own tests it with {@linkcode testProvider}.
 * {@linkcode conformanceCases} gives the same cases to another test runner.
 *
 * @module
 */
export { type ConformanceCase, conformanceCases } from "./conformance.ts";
export {
  allCapabilities,
  type Capability,
  type OpenedProvider,
  type ProviderFixture,
  type Scratch,
} from "./fixture.ts";
export type { ConformanceContext } from "./subject.ts";
export { testProvider } from "./test_provider.ts";
