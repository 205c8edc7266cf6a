import { StoreError } from "./errors.ts";
import type { ProcessOptions } from "./process_options.ts";
import type { Provider } from "./provider.ts";
import { unsealed } from "./sealed_provider.ts";
import { checkName } from "./validation.ts";

/**
 * Refuses what cannot be meant.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 */
export function checkProcess(
  { name, stream = name, streams, commands, timers = [], ...options }:
    ProcessOptions<any, any, any, any, any>,
): void {
  checkName("name", name);
  const [first, ...others] = streams;
  if (!first) {
    throw invalid(
      "streams",
      `Cannot create process manager "${name}" of no streams: give at least one aggregate of a domain`,
    );
  }
  const isElsewhere = ({ provider }: any) =>
    unsealed(provider) !== unsealed(first.provider);
  if (others.some(isElsewhere)) {
    throw invalid(
      "streams",
      `Expected the aggregates of process manager "${name}" to have one provider: there is no order between the events of two`,
    );
  }
  if (streams.some((source: any) => source.stream === stream)) {
    throw invalid(
      "stream",
      `Cannot keep the own events of process manager "${name}" in stream "${stream}", which it reacts to: give it another "stream"`,
    );
  }
  for (const [group, members] of Object.entries<object>(commands)) {
    if (group.includes(".")) {
      throw invalid(
        "commands",
        `Expected a group of commands to have no dot in its name: got "${group}"`,
      );
    }
    for (const [member, command] of Object.entries(members)) {
      if (typeof command === "function") continue;
      throw invalid(
        `commands.${group}.${member}`,
        `Expected the command ${group}.${member} of process manager "${name}" to be a function: got ${typeof command}`,
      );
    }
  }
  for (const timer of timers) checkName("timers", timer);
  if ("shards" in options) {
    throw invalid(
      "shards",
      `Cannot share out process manager "${name}" with shards: its timers have one owner; leave them out`,
    );
  }
  const { onFailure = "pause" } = options;
  if (onFailure === "pause" || onFailure === "park") return;
  throw invalid(
    "onFailure",
    `Expected onFailure of process manager "${name}" to be "pause" or "park": got ${onFailure}; what it skipped would be lost`,
  );
}

/**
 * Refuses a provider that cannot keep timers or remember what was decided.
 *
 * @throws {StoreError} `NOT_SUPPORTED`
 */
export function checkCapable(provider: Provider<any>, name: string): void {
  const lacks = (["records", "findCommand"] as const).find((one) =>
    !provider[one]
  );
  if (!lacks) return;
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot run process manager "${name}": the ${provider.driver} provider has no ${lacks}; write it as a handler, or take another provider`,
    { field: "provider", bookmark: name },
  );
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
