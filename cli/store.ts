import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Catalog } from "../core/catalog.ts";
import type { HandlerControls } from "../core/handler_options.ts";
import type { Provider } from "../core/provider.ts";
import { textOf, type Values } from "./arguments.ts";
import { openDatabase } from "./databases.ts";
import { UsageError } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** What a config file exports, by name or as its default. */
export type Config = {
  /** The store. */
  provider: Provider<any> | Promise<Provider<any>>;
  /** The handlers, which `retry` runs; they are not started. */
  handlers?: HandlerControls[];
  /** What `createDomain` gave as `domain`, to show aggregates. */
  domain?: object;
  /** Makes or upgrades the tables. */
  migrate?(): Promise<unknown>;
  /** Ends the connections. */
  close?(): Promise<unknown>;
};

/** A store that was opened. */
export type Store = {
  /** The log. */
  provider: Provider<any>;
  /** Those of the config file. */
  handlers: HandlerControls[];
  /** That of the config file. */
  domain: object | undefined;
  /** Makes or upgrades the tables, if that is known. */
  migrate: (() => Promise<unknown>) | undefined;
  /** Ends the connections. */
  close(): Promise<unknown>;
};

const configs = [
  "evtstore.config.ts",
  "evtstore.config.js",
  "evtstore.config.mjs",
];

/**
 * Opens the store that the options name: a URL, a config file, the environment,
 * or a config file in the folder.
 *
 * @param mayCreate Whether a file may be made that is not there.
 * @throws {UsageError} If none is named, or it cannot be found.
 */
export async function openStore(
  values: Values,
  { env, cwd }: Terminal,
  mayCreate: boolean,
): Promise<Store> {
  const given = textOf(values, "store");
  const file = textOf(values, "config");
  if (given !== undefined && file !== undefined) {
    throw new UsageError("Give --store or --config, not both");
  }
  const url = given ?? (file === undefined ? env.EVTSTORE_URL : undefined);
  if (url) {
    const events = textOf(values, "events");
    const bookmarks = textOf(values, "bookmarks");
    const opened = await openDatabase({
      url,
      cwd,
      mayCreate,
      ...events === undefined ? {} : { events },
      ...bookmarks === undefined ? {} : { bookmarks },
    });
    return { ...opened, handlers: [], domain: undefined };
  }
  const found = file ?? configs.find((name) => existsSync(resolve(cwd, name)));
  if (found !== undefined) return await openConfig(resolve(cwd, found));
  throw new UsageError(
    "Name the store: --store URL, --config FILE, EVTSTORE_URL in the environment, or evtstore.config.ts in this folder",
  );
}

async function openConfig(path: string): Promise<Store> {
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}`);
  const module = await import(pathToFileURL(path).href);
  const config: Partial<Config> = module.default ?? module;
  const { provider, handlers = [], domain, migrate, close } = config;
  if (!provider) {
    throw new UsageError(`${path} exports no provider, by name or by default`);
  }
  const opened = await provider;
  return {
    provider: opened,
    handlers,
    domain,
    migrate,
    close: close ?? (() => closeProvider(opened)),
  };
}

async function closeProvider(provider: Provider<any>): Promise<void> {
  await (provider as { close?(): Promise<void> }).close?.();
}

/**
 * The catalog of a store.
 *
 * @throws {UsageError} If the provider has none.
 */
export function catalogOf({ provider }: Store): Catalog {
  if (provider.catalog) return provider.catalog;
  throw new UsageError(
    `The provider "${provider.driver}" cannot list its streams: it has no catalog`,
  );
}
