import { type StoreEvent, toMeta } from "../core/event.ts";
import { type HeldKey, keyRingOf } from "../core/key_ring.ts";
import type { PersonalFields } from "../core/personal.ts";
import type { Provider } from "../core/provider.ts";
import { isSealed, openValue, type ValueKey } from "../core/sealed_value.ts";
import type { Json, StudioEvent } from "./api.ts";
import type { KnownAggregate } from "./domain_module.ts";
import { toJsonValue } from "./json_value.ts";

type Personal = NonNullable<StudioEvent["personal"]>;

/** A field of an event that is encrypted, or that the domain calls personal. */
type Field = { name: string; subject: string; placeholder: unknown };

/** Events as the studio shows them: without what is personal, unless it is told to. */
export class ShownEvents {
  #provider: Provider<any>;
  #aggregates: ReadonlyMap<string, KnownAggregate>;
  #opens: boolean;

  /**
   * @param aggregates The known ones, by stream.
   * @param opens Whether to decrypt what is personal.
   */
  constructor(
    provider: Provider<any>,
    aggregates: ReadonlyMap<string, KnownAggregate>,
    opens: boolean,
  ) {
    this.#provider = provider;
    this.#aggregates = aggregates;
    this.#opens = opens;
  }

  /** Events as they are answered. */
  async show(events: readonly StoreEvent<any>[]): Promise<StudioEvent[]> {
    const read = await this.read(events);
    return read.map(({ stored, personal }) => toStudioEvent(stored, personal));
  }

  /** Stored events with what may be seen of them, to be folded. */
  async read(
    events: readonly StoreEvent<any>[],
  ): Promise<{ stored: StoreEvent<any>; personal: Personal | undefined }[]> {
    const fields = events.map((stored) => this.#fieldsOf(stored));
    const subjects = fields.flat().map(({ subject }) => subject);
    const keys = subjects.length > 0
      ? await this.#keysOf(subjects)
      : new Map<string, HeldKey>();
    const opened = this.#opens ? await this.#openByModule(events) : events;
    return await Promise.all(opened.map(async (stored, index) => {
      const found = fields[index]!;
      if (found.length === 0) return { stored, personal: undefined };
      return await this.#readOne(events[index]!, stored, found, keys);
    }));
  }

  async #readOne(
    stored: StoreEvent<any>,
    opened: StoreEvent<any>,
    fields: Field[],
    keys: ReadonlyMap<string, HeldKey>,
  ): Promise<{ stored: StoreEvent<any>; personal: Personal }> {
    const event = { ...stored.event };
    const states: [string, Personal[string]][] = [];
    for (const { name, subject, placeholder } of fields) {
      const key = keys.get(subject);
      const value = opened.event[name];
      event[name] = placeholder;
      if (key === "forgotten") states.push([name, "forgotten"]);
      else if (!this.#opens) states.push([name, "sealed"]);
      else if (!isSealed(value)) {
        // No sealed value is the placeholder: the module has no key of it.
        const isGone = value === placeholder;
        event[name] = value;
        states.push([name, isGone ? "forgotten" : "open"]);
      } else {
        const plain = await open(key, stored, name);
        if (plain) event[name] = plain.value;
        states.push([name, plain ? "open" : "unreadable"]);
      }
    }
    return {
      stored: { ...stored, event },
      personal: Object.fromEntries(states),
    };
  }

  #fieldsOf(stored: StoreEvent<any>): Field[] {
    const { event, stream, aggregateId } = stored;
    if (typeof event !== "object" || event === null) return [];
    const { personal } = this.#aggregates.get(stream) ?? {};
    const placeholders: PersonalFields = personal?.fields ?? {};
    const own = Object.hasOwn(placeholders, event.type)
      ? placeholders[event.type]!
      : {};
    const found: Field[] = [];
    for (const [name, value] of Object.entries(event)) {
      const isPersonal = Object.hasOwn(own, name);
      const placeholder = isPersonal ? own[name] : null;
      if (isSealed(value)) {
        found.push({ name, subject: String(value.subject), placeholder });
      } else if (isPersonal && value !== undefined && value !== placeholder) {
        let subject = aggregateId;
        try {
          subject = personal!.subject?.(event, name, toMeta(stored)) ?? subject;
        } catch {
          // What cannot be told whose it is is shown as anybody's.
        }
        found.push({ name, subject, placeholder });
      }
    }
    return found;
  }

  /** The keys as far as they are known; those that are gone are what matters. */
  async #keysOf(subjects: string[]): Promise<ReadonlyMap<string, HeldKey>> {
    if (!this.#provider.records) return new Map();
    const ring = await keyRingOf(this.#provider, undefined);
    return await ring.find(subjects, new Set(subjects));
  }

  /** By keys that are kept elsewhere, which only the module knows. */
  async #openByModule(
    events: readonly StoreEvent<any>[],
  ): Promise<readonly StoreEvent<any>[]> {
    let opened = events;
    for (const { opener } of this.#aggregates.values()) {
      if (opener) opened = await opener.open(opened);
    }
    return opened;
  }
}

async function open(
  key: HeldKey | undefined,
  { stream, aggregateId, version, event }: StoreEvent<any>,
  field: string,
): Promise<{ value: unknown } | undefined> {
  if (!key) return undefined;
  const identity = ["event", stream, aggregateId, version, field];
  try {
    return { value: await openValue(key as ValueKey, identity, event[field]) };
  } catch {
    return undefined;
  }
}

/** `stream/aggregateId@version`, as `causationId` has it. */
export function keyOf(
  { stream, aggregateId, version }: Pick<
    StudioEvent,
    "stream" | "aggregateId" | "version"
  >,
): string {
  return `${stream}/${aggregateId}@${version}`;
}

/** A time as the wire has it, also of a store with a time that is none. */
export function toTime(time: unknown): string {
  const date = new Date(time as Date);
  return Number.isNaN(date.getTime())
    ? new Date(0).toISOString()
    : date.toISOString();
}

function toStudioEvent(
  stored: StoreEvent<any>,
  personal: Personal | undefined,
): StudioEvent {
  const { position, stream, aggregateId, version, event, metadata } = stored;
  const { type } = event ?? {};
  return {
    position: String(position),
    stream,
    aggregateId,
    version,
    timestamp: toTime(stored.timestamp),
    type: typeof type === "string" ? type : "",
    event: toJsonValue(event),
    ...metadata && {
      metadata: toJsonValue(metadata) as { [key: string]: Json },
    },
    ...personal && { personal },
  };
}
