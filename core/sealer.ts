import { StoreError } from "./errors.ts";
import { type StoreEvent, toMeta } from "./event.ts";
import type { HeldKey, KeyRing } from "./key_ring.ts";
import type { PersonalFields, PersonalOptions } from "./personal.ts";
import {
  isSealed,
  openValue,
  type SealedValue,
  sealValue,
  type ValueKey,
} from "./sealed_value.ts";
import { checkName } from "./validation.ts";

/** An aggregate that may have personal fields. */
export type PersonalAggregate = {
  /** The stream of its events. */
  stream: string;
  /** Which of their fields are personal. */
  personal?: PersonalOptions | undefined;
};

/** Decrypts what it has the keys of; other events stay as they are. */
export type EventOpener = {
  /** Events as they are read: decrypted, or with placeholders. */
  open<E extends StoreEvent<any>>(
    events: readonly E[],
    tx?: unknown,
  ): Promise<E[]>;
};

/** A field that is personal, or was when it was stored. */
type Found = {
  field: string;
  value: unknown;
  subject: string;
};

// What could not be decrypted: whoever handles the event is told.
const unreadable = new WeakMap<object, StoreError>();

/**
 * Refuses an event that could not be decrypted.
 *
 * @throws {StoreError} `CANNOT_DECRYPT`
 */
export function checkReadable({ event }: StoreEvent<any>): void {
  const error = unreadable.get(event);
  if (error) throw error;
}

/** Encrypts the personal fields of some streams' events, and decrypts them. */
export class Sealer implements EventOpener {
  #streams: Map<string, PersonalOptions> = new Map();
  #ring: () => Promise<KeyRing>;

  /** @throws {StoreError} `INVALID_INPUT` for aggregates that do not agree. */
  constructor(
    aggregates: readonly PersonalAggregate[],
    ring: () => Promise<KeyRing>,
  ) {
    this.#ring = ring;
    for (const { stream, personal } of aggregates) {
      const others = aggregates.some((one) =>
        one.stream === stream && one.personal !== personal
      );
      if (others) {
        throw new StoreError(
          "INVALID_INPUT",
          `Cannot have two sorts of personal fields in stream "${stream}": give all of its aggregates the same`,
          { field: "personal", stream },
        );
      }
      if (personal) this.#streams.set(stream, personal);
    }
  }

  /**
   * Events as they are stored.
   *
   * @throws {StoreError} `SUBJECT_FORGOTTEN` for a field of a forgotten subject;
   * `INVALID_INPUT` for a value that looks like an encrypted one.
   */
  async seal(
    events: StoreEvent<any>[],
    tx: unknown,
  ): Promise<StoreEvent<any>[]> {
    const sealed: StoreEvent<any>[] = [];
    for (const stored of events) {
      refuseSealed(stored);
      sealed.push(await this.#sealOne(stored, tx));
    }
    return sealed;
  }

  async #sealOne(
    stored: StoreEvent<any>,
    tx: unknown,
  ): Promise<StoreEvent<any>> {
    const found = this.#personalOf(stored);
    if (found.length === 0) return stored;
    const event = { ...stored.event };
    const ring = await this.#ring();
    for (const { field, value, subject } of found) {
      const key = await ring.make(subject, tx);
      if (key === "forgotten") {
        const { stream, aggregateId } = stored;
        throw new StoreError(
          "SUBJECT_FORGOTTEN",
          `Cannot store "${field}" of "${stored.event.type}" of "${aggregateId}" in stream "${stream}": its subject was forgotten, and nothing personal of it can be stored again; store the placeholder, or take a new subject`,
          { field, stream, aggregateId },
        );
      }
      const identity = identityOf(stored, field);
      event[field] = await sealValue(key, subject, identity, value);
    }
    return { ...stored, event };
  }

  /** Events as they are read: decrypted, or with placeholders. */
  async open<E extends StoreEvent<any>>(
    events: readonly E[],
    tx?: unknown,
  ): Promise<E[]> {
    const found = events.map((stored) => {
      try {
        return this.#foundIn(stored);
      } catch (error) {
        // Of this event only: those beside it in the page are read.
        const reason = "its subject could not be told";
        unreadable.set(stored.event, cannotDecrypt(stored, reason, error));
        return [];
      }
    });
    const all = found.flat();
    if (all.length === 0) return [...events];
    const used = all.filter(({ value }) => isSealed(value));
    const ring = await this.#ring();
    const keys = await ring.find(
      all.map(({ subject }) => subject),
      new Set(used.map(({ subject }) => subject)),
      tx,
    );
    return await Promise.all(
      events.map((stored, index) => this.#openOne(stored, found[index]!, keys)),
    );
  }

  async #openOne<E extends StoreEvent<any>>(
    stored: E,
    found: Found[],
    keys: ReadonlyMap<string, HeldKey>,
  ): Promise<E> {
    if (found.length === 0) return stored;
    const event = { ...stored.event };
    for (const { field, value, subject } of found) {
      const key = keys.get(subject)!;
      if (key === "forgotten") {
        event[field] = this.#placeholder(stored, field);
      } else if (isSealed(value)) {
        try {
          event[field] = await open(key, stored, field, value);
        } catch (error) {
          unreadable.set(event, error as StoreError);
        }
      }
    }
    return { ...stored, event };
  }

  #placeholder({ stream, event }: StoreEvent<any>, field: string): unknown {
    const fields: PersonalFields = this.#streams.get(stream)!.fields;
    return fields[event.type]?.[field] ?? null;
  }

  /** What was encrypted, and what would be by now. */
  #foundIn(stored: StoreEvent<any>): Found[] {
    if (!this.#streams.has(stored.stream)) return [];
    const found: Found[] = [];
    for (const [field, value] of Object.entries(stored.event)) {
      if (!isSealed(value)) continue;
      checkName("subject", value.subject);
      found.push({ field, value, subject: value.subject });
    }
    return [...found, ...this.#personalOf(stored)];
  }

  /** The fields of an event that are personal, and plain. */
  #personalOf(stored: StoreEvent<any>): Found[] {
    const personal = this.#streams.get(stored.stream);
    const { type } = stored.event;
    if (!personal || !Object.hasOwn(personal.fields, type)) return [];
    const fields = (personal.fields as PersonalFields)[type]!;
    const found: Found[] = [];
    for (const [field, placeholder] of Object.entries(fields)) {
      const value = stored.event[field];
      if (value === undefined || value === placeholder || isSealed(value)) {
        continue;
      }
      const subject = personal.subject
        ? personal.subject(stored.event, field, toMeta(stored))
        : stored.aggregateId;
      checkName("subject", subject);
      found.push({ field, value, subject });
    }
    return found;
  }

  /**
   * The text of an aggregate, encrypted with the key of its id.
   *
   * @returns Undefined for a forgotten one, of which nothing is kept.
   */
  async sealState(
    stream: string,
    id: string,
    at: number,
    state: string,
  ): Promise<string | undefined> {
    const key = await (await this.#ring()).make(id);
    if (key === "forgotten") return undefined;
    const identity = ["snapshot", stream, id, at];
    return JSON.stringify(await sealValue(key, id, identity, state));
  }

  /** The text again; undefined if the aggregate was forgotten. */
  async openState(
    stream: string,
    id: string,
    at: number,
    text: string,
    tx: unknown,
  ): Promise<string | undefined> {
    const sealed: SealedValue = JSON.parse(text);
    const keys = await (await this.#ring()).find([id], new Set([id]), tx);
    const key = keys.get(id);
    if (key === "forgotten" || !key) return undefined;
    const identity = ["snapshot", stream, id, at];
    return await openValue(key, identity, sealed) as string;
  }
}

/** Who could store such a value could make an aggregate unreadable. */
function refuseSealed({ event, stream, aggregateId }: StoreEvent<any>): void {
  for (const [field, value] of Object.entries(event)) {
    if (!isSealed(value)) continue;
    throw new StoreError(
      "INVALID_INPUT",
      `Cannot store ${field} of "${event.type}": it looks like an encrypted value, which only the library stores`,
      { field, stream, aggregateId },
    );
  }
}

async function open(
  key: ValueKey | null,
  stored: StoreEvent<any>,
  field: string,
  sealed: SealedValue,
): Promise<unknown> {
  if (!key) {
    const reason =
      `the key store has no key of "${sealed.subject}", nor was it forgotten; is it the one that the event was stored with?`;
    throw cannotDecrypt(stored, reason, undefined, field);
  }
  try {
    return await openValue(key, identityOf(stored, field), sealed);
  } catch (error) {
    const reason = "it is not what was encrypted there";
    throw cannotDecrypt(stored, reason, error, field);
  }
}

function cannotDecrypt(
  { stream, aggregateId, version }: StoreEvent<any>,
  reason: string,
  cause?: unknown,
  field?: string,
): StoreError {
  return new StoreError(
    "CANNOT_DECRYPT",
    `Cannot decrypt ${
      field ?? "the event"
    } of version ${version} of "${aggregateId}" in stream "${stream}": ${reason}`,
    {
      stream,
      aggregateId,
      ...field !== undefined && { field },
      ...cause !== undefined && { cause },
    },
  );
}

function identityOf(
  { stream, aggregateId, version }: StoreEvent<any>,
  field: string,
): readonly unknown[] {
  return ["event", stream, aggregateId, version, field];
}
