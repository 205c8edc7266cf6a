import { textOf } from "./arguments.ts";
import type { Command } from "./command.ts";
import { FoundError, UsageError } from "./failure.ts";
import { listParked } from "../core/parked_records.ts";
import { confirm } from "./terminal.ts";
import { toJson, visible } from "./text.ts";

/** `retry` */
export const retryCommand: Command = {
  name: "retry",
  usage: "BOOKMARK [ID]",
  summary: "Handle again what a handler has parked, by its own code",
  options: {
    stream: { type: "string", value: "NAME", help: "Only of this stream" },
  },
  positionals: [1, 2],
  async run({ store, values, positionals, terminal, json }) {
    const [bookmark, id] = positionals as [string, string?];
    const handler = store.handlers.find(({ name }) => name === bookmark);
    if (!handler) {
      throw new UsageError(
        `To retry needs the code of handler "${
          visible(bookmark)
        }": export it in handlers from a config file, and give --config`,
      );
    }
    const stream = textOf(values, "stream");
    const parked = (await listParked(store.provider)).filter((one) =>
      one.bookmark === bookmark &&
      (id === undefined || one.aggregateId === id) &&
      (stream === undefined || one.stream === stream)
    );
    if (parked.length === 0) {
      return terminal.out(
        json ? toJson({ aggregates: 0, events: 0 }) : "Nothing is parked",
      );
    }
    await confirm(
      terminal,
      `This runs handler "${
        visible(bookmark)
      }" on what is parked of ${parked.length} aggregates`,
      values.yes === true,
    );
    let events = 0;
    let failures = 0;
    for (const target of parked) {
      terminal.signal.throwIfAborted();
      try {
        events += await handler.replay(target);
      } catch (error) {
        failures++;
        const name = `${visible(target.stream)}/${visible(target.aggregateId)}`;
        terminal.err(`${name} stays parked: ${visible(String(error))}`);
      }
    }
    const aggregates = parked.length - failures;
    terminal.out(
      json
        ? toJson({ aggregates, events, failures })
        : `Handled ${events} events of ${aggregates} aggregates`,
    );
    if (failures > 0) {
      throw new FoundError(`${failures} aggregates stay parked`);
    }
  },
};
