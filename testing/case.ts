import type { Capability } from "./fixture.ts";
import type { Subject } from "./subject.ts";

/** One thing that a provider is asked to show, as the suite writes it down. */
export type Case = {
  /** Where it belongs, a colon, and what holds: it names the failure. */
  name: string;
  /** The number of the guarantee that it proves. */
  guarantee?: number;
  /** It is run where the fixture declares all of these. */
  needs?: readonly Capability[];
  /** It is run where the fixture does not declare this. */
  without?: Capability;
  /** Shows it, or throws. */
  run(subject: Subject): Promise<void>;
};
