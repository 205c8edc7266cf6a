import { systemClock } from "../core/clock.ts";
import type { HandlerControls } from "../core/handler_options.ts";
import type { HandlerFailure, HandlerStatus } from "../core/handler_status.ts";
import type {
  HandlerRebuild,
  HandlerVersionStatus,
} from "../core/version_status.ts";
import type { Command } from "./command.ts";
import { describeFailure, FoundError, UsageError } from "./failure.ts";
import { confirm, progressLine, type Terminal } from "./terminal.ts";
import { toJson, visible } from "./text.ts";

const LOOK_MS = 200;
/** After so many failures in a row it is given up. */
const MOST_FAILURES = 5;

type Numbered = { handler: HandlerControls; version: HandlerVersionStatus };

/** `rebuild` */
export const rebuildCommand: Command = {
  name: "rebuild",
  usage: "BOOKMARK",
  summary: "Run the next version of a handler to the end, and let it take over",
  options: {},
  positionals: [1, 1],
  async run({ store, values, positionals, terminal, json }) {
    const [bookmark] = positionals as [string];
    const { handler, version } = await findNext(store.handlers, bookmark);
    const name = visible(bookmark);
    const { number, live } = version;
    if (number === live) {
      return terminal.out(
        json
          ? toJson({ bookmark, version: number, tookOver: false })
          : `Version ${number} of handler "${name}" is live already`,
      );
    }
    await confirm(
      terminal,
      `This runs version ${number} of handler "${name}", and then retires version ${live} for good: from then on only processes with the new code handle events`,
      values.yes === true,
    );
    await rebuild(handler, terminal);
    terminal.out(
      json
        ? toJson({ bookmark, version: number, tookOver: true })
        : `Version ${number} of handler "${name}" is live, and version ${live} is retired`,
    );
  },
};

/**
 * The highest version of a handler that the config file has.
 *
 * @throws {UsageError} If there is none that could take over.
 */
async function findNext(
  handlers: readonly HandlerControls[],
  bookmark: string,
): Promise<Numbered> {
  const name = visible(bookmark);
  const own = handlers.filter((one) =>
    one.name === bookmark || one.name.startsWith(`${bookmark}@version-`)
  );
  if (own.length === 0) {
    throw new UsageError(
      `To rebuild needs the code of handler "${name}": export it in handlers from a config file, and give --config`,
    );
  }
  const numbered = await Promise.all(own.map(async (handler) => {
    const { version = { number: 1, live: 1 } } = await handler.status();
    return { handler, version };
  }));
  numbered.sort((one, other) => other.version.number - one.version.number);
  const next = numbered[0]!;
  const { number, live } = next.version;
  if (number === 1 && live === 1) {
    throw new UsageError(
      `Handler "${name}" has no other version: raise its "version", and give that one a table of its own`,
    );
  }
  if (number < live) {
    throw new UsageError(
      `Version ${number} of handler "${name}" is retired: version ${live} is live, so its next one is ${
        live + 1
      }`,
    );
  }
  return next;
}

/** Runs it until it is live. */
async function rebuild(
  handler: HandlerControls,
  terminal: Terminal,
): Promise<void> {
  const startedAt = performance.now();
  let failure: HandlerFailure | undefined;
  const unobserve = handler.observe((change) => {
    if (change.type !== "failed") return;
    const again = change.outcome === "retry";
    terminal.err(
      `${again ? "Tries again" : "Goes on without it"}: ${
        visible(describeFailure(change.failure.error))
      }`,
    );
    if (again) failure = change.failure;
  });
  handler.start();
  try {
    while (true) {
      terminal.signal.throwIfAborted();
      const status = await handler.status();
      const { rebuild } = status;
      if (!rebuild) return;
      terminal.progress(lineOf(status, rebuild, startedAt));
      if (failure && failure.attempts >= MOST_FAILURES) {
        throw new FoundError(
          `It failed ${failure.attempts} times in a row, and nothing has changed hands: run it again after a repair, it goes on where it was`,
          { cause: failure.error },
        );
      }
      await systemClock.sleep(LOOK_MS, terminal.signal);
    }
  } finally {
    unobserve();
    await handler.stop();
    terminal.progress();
  }
}

function lineOf(
  { state, owner }: HandlerStatus,
  { handled, ratio }: HandlerRebuild,
  startedAt: number,
): string {
  const line = progressLine(handled, ratio, startedAt);
  return state === "standby"
    ? `${line}; process ${visible(owner?.process ?? "?")} is at it`
    : line;
}
