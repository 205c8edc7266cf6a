import type { Command } from "./command.ts";
import { UsageError } from "./failure.ts";
import { confirm } from "./terminal.ts";
import { toJson } from "./text.ts";

/** `migrate` */
export const migrateCommand: Command = {
  name: "migrate",
  usage: "",
  summary: "Make the tables, or upgrade those of an older version",
  options: {},
  positionals: [0, 0],
  async run({ store, values, terminal, json }) {
    const { migrate, provider } = store;
    if (!migrate) {
      throw new UsageError(
        "The config file exports no migrate: add migrate: () => migrate({ … }) of your provider, or give --store",
      );
    }
    await confirm(
      terminal,
      `This makes or upgrades tables by the provider "${provider.driver}"`,
      values.yes === true,
    );
    await migrate();
    terminal.out(json ? toJson({ migrated: true }) : "Migrated");
  },
};
