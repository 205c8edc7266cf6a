import type { StoreEvent } from "../../core/event.ts";
import { readPages } from "../../core/aggregate_pages.ts";
import type { CausationAnswer, CausedCommand } from "../api.ts";
import type { StudioContext } from "../context.ts";
import { readBackward, readForward } from "../log_windows.ts";
import type { Parameters } from "../parameters.ts";
import { orderOf, positionAt, readOrder } from "../position_order.ts";
import { invalid, RequestError } from "../request_error.ts";
import { keyOf } from "../shown_events.ts";
import { MOST_SCANNED } from "./events.ts";

/** A chain of causes may be damaged, and be a circle. */
const MOST_CAUSES = 100;
const MOST_VERSION = Number.MAX_SAFE_INTEGER;

/** `GET /api/causation` */
export async function causation(
  context: StudioContext,
  parameters: Parameters,
): Promise<CausationAnswer> {
  const { store } = context;
  const focus = await findFocus(context, parameters);
  const correlationId = parameters.text("correlationId") ??
    focus?.metadata?.correlationId;
  const given = parameters.text("from");
  const found: StoreEvent<any>[] = [];
  let scanned = 0;
  let next: string | null = null;
  if (correlationId !== undefined) {
    const names = await store.streams();
    const log = await store.logOf(names);
    const root = given === undefined && focus
      ? await rootOf(context, focus)
      : undefined;
    const begin = given !== undefined
      ? positionAt(readOrder(given), log.start)
      : root
      ? positionAt(orderOf(root.position, store.provider) - 1n, log.start)
      : await recentPlace(context, names);
    for await (const page of readForward(log, begin)) {
      found.push(
        ...page.filter(({ metadata }) =>
          metadata?.correlationId === correlationId
        ),
      );
      scanned += page.length;
      if (scanned < MOST_SCANNED) continue;
      next = String(page.at(-1)!.position);
      break;
    }
  } else if (focus) found.push(...await commandOf(context, focus));
  return {
    correlationId: correlationId === undefined ? null : String(correlationId),
    focus: focus ? keyOf(focus) : null,
    commands: await toCommands(context, found),
    scanned,
    next,
  };
}

async function findFocus(
  context: StudioContext,
  parameters: Parameters,
): Promise<StoreEvent<any> | undefined> {
  const { store } = context;
  const commandId = parameters.text("commandId");
  const stream = parameters.name("stream");
  const id = parameters.name("id");
  const version = parameters.whole("version", [1, MOST_VERSION]);
  let found: StoreEvent<any> | undefined;
  if (stream !== undefined && id !== undefined) {
    const { findCommand } = store.provider;
    const first = commandId === undefined
      ? version
      : await findCommand?.(stream, id, commandId);
    if (first === undefined && commandId === undefined) {
      throw invalid("Expected version to be given");
    }
    found = first === undefined
      ? undefined
      : await store.eventAt(stream, id, first);
  } else if (commandId !== undefined) {
    found = await findCommandId(context, commandId);
  } else if (parameters.text("correlationId") === undefined) {
    throw invalid(
      "Expected stream, id and version to be given, or a correlationId, or a commandId",
    );
  } else return undefined;
  if (found) return found;
  throw new RequestError(
    404,
    "NOT_FOUND",
    commandId === undefined
      ? "There is no such event"
      : `None of the newest ${MOST_SCANNED} events has this command id: give its stream and aggregate id too, which is looked up`,
  );
}

/** The first event of a command, in the newest part of the log. */
async function findCommandId(
  context: StudioContext,
  commandId: string,
): Promise<StoreEvent<any> | undefined> {
  const { store } = context;
  const names = await store.streams();
  const last = await store.newest(names);
  if (!last) return undefined;
  const after = await recentPlace(context, names);
  const commands = await store.provider.catalog!.commands(after, last.position);
  const found = commands.find((one) => one.commandId === commandId);
  return found &&
    await store.eventAt(found.stream, found.aggregateId, found.version);
}

/** Where the newest part of the log begins. */
async function recentPlace(
  { store }: StudioContext,
  names: string[],
): Promise<any> {
  const last = await store.newest(names);
  const log = await store.logOf(names);
  if (!last) return log.start;
  let scanned = 0;
  const end = orderOf(last.position, store.provider);
  for await (const page of readBackward(log, end + 1n)) {
    scanned += page.length;
    if (scanned >= MOST_SCANNED) return page.at(-1)!.position;
  }
  return log.start;
}

/** The first of the events that have led to this one, by their keys. */
async function rootOf(
  context: StudioContext,
  event: StoreEvent<any>,
): Promise<StoreEvent<any>> {
  let root = event;
  for (let count = 0; count < MOST_CAUSES; count++) {
    const cause = await eventByKey(context, root.metadata?.causationId);
    if (!cause) break;
    root = cause;
  }
  return root;
}

/** The events that were stored together with this one. */
async function commandOf(
  { store }: StudioContext,
  focus: StoreEvent<any>,
): Promise<StoreEvent<any>[]> {
  const { stream, aggregateId } = focus;
  const pages = readPages(store.provider, stream, aggregateId, undefined, {});
  for await (const page of pages) {
    const index = page.findIndex(({ version }) => version === focus.version);
    if (index < 0) continue;
    let [from, to] = [index, index];
    while (from > 0 && isSameCommand(page[from - 1]!, focus)) from--;
    while (to + 1 < page.length && isSameCommand(page[to + 1]!, focus)) to++;
    return page.slice(from, to + 1);
  }
  return [focus];
}

/** Those of one command have one time, and one cause. */
function isSameCommand(
  one: StoreEvent<any>,
  other: StoreEvent<any>,
): boolean {
  return new Date(one.timestamp).getTime() ===
      new Date(other.timestamp).getTime() &&
    one.metadata?.causationId === other.metadata?.causationId &&
    one.metadata?.correlationId === other.metadata?.correlationId;
}

async function toCommands(
  { store, shown }: StudioContext,
  events: readonly StoreEvent<any>[],
): Promise<CausedCommand[]> {
  const ids = await commandIdsOf(store.provider.catalog, events);
  const commands: CausedCommand[] = [];
  const open = new Map<string, { command: CausedCommand; last: StoreEvent }>();
  const all = await shown.show(events);
  for (const [index, stored] of events.entries()) {
    const { stream, aggregateId, version } = stored;
    const event = { ...all[index]!, key: keyOf(stored) };
    const aggregate = JSON.stringify([stream, aggregateId]);
    const before = open.get(aggregate);
    const isNew = !before || ids.has(event.key) ||
      before.last.version !== version - 1 ||
      !isSameCommand(before.last, stored);
    if (isNew) {
      const cause = stored.metadata?.causationId;
      const command: CausedCommand = {
        key: event.key,
        commandId: ids.get(event.key) ?? null,
        cause: cause === undefined ? null : String(cause),
        stream,
        aggregateId,
        timestamp: event.timestamp,
        events: [event],
      };
      commands.push(command);
      open.set(aggregate, { command, last: stored });
    } else {
      before.command.events.push(event);
      before.last = stored;
    }
  }
  return commands;
}

/** The ids of commands, by the key of their first event. */
async function commandIdsOf(
  catalog: StudioContext["store"]["provider"]["catalog"],
  events: readonly StoreEvent<any>[],
): Promise<Map<string, string>> {
  const [first, last] = [events[0], events.at(-1)];
  if (!catalog || !first || !last) return new Map();
  const order = BigInt(String(first.position)) - 1n;
  const stored = await catalog.commands(
    positionAt(order, first.position),
    last.position,
  );
  return new Map(stored.map((one) => [keyOf(one), one.commandId]));
}

type Key = { stream: string; aggregateId: string; version: number };

/** The event that `stream/aggregateId@version` names; any name may have a slash. */
export async function eventByKey(
  { store }: StudioContext,
  text: unknown,
): Promise<StoreEvent<any> | undefined> {
  if (typeof text !== "string") return undefined;
  for (const stream of await store.streams()) {
    const key = readKey(text, stream);
    const found = key &&
      await store.eventAt(key.stream, key.aggregateId, key.version);
    if (found) return found;
  }
  return undefined;
}

function readKey(text: string, stream: string): Key | undefined {
  if (!text.startsWith(`${stream}/`)) return undefined;
  const match = /^(.+)@([1-9]\d{0,15})$/s.exec(text.slice(stream.length + 1));
  return match
    ? { stream, aggregateId: match[1]!, version: Number(match[2]) }
    : undefined;
}
