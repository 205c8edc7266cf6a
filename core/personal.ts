import { StoreError } from "./errors.ts";
import type { Event, EventMeta, Ext } from "./event.ts";
import type { KnownEvents } from "./upcast.ts";

/**
 * What can stand for a forgotten value of a field: a part of the field's type
 * that no other value has, such as `null` or a literal. So the type shows
 * everybody who reads the field that it may have been forgotten.
 */
export type Placeholder<Field> = Field extends null ? null
  : Field extends string ? string extends Field ? never : Field
  : Field extends number ? number extends Field ? never : Field
  : never;

/** The personal fields of one type of event, each with its placeholder. */
export type PersonalFieldsOf<E> = E extends unknown ? {
    [F in Exclude<keyof E, "type">]?: Placeholder<E[F]>;
  }
  : never;

/** The personal fields of the events of an aggregate. */
export type PersonalOptions<
  E extends Event = any,
  Old extends Event = any,
> = {
  /**
   * By the type of the event and the name of the field: what is read instead
   * of it once its subject is forgotten.
   */
  fields: {
    readonly [T in (E | KnownEvents<Old>)["type"]]?: PersonalFieldsOf<
      Ext<E | KnownEvents<Old>, T>
    >;
  };
  /**
   * Whose data a field is: any name that is not personal itself. It must follow
   * from its parameters alone. Default: the id of the aggregate.
   */
  subject?: (
    event: E | KnownEvents<Old>,
    field: string,
    meta: EventMeta,
  ) => string;
};

/** Personal fields as the library looks them up. */
export type PersonalFields = {
  [type: string]: { [field: string]: unknown } | undefined;
};

/**
 * Refuses what cannot be kept together with personal fields.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 */
export function checkPersonal(
  { stream, personal, persistAggregate, snapshot }: {
    stream: string;
    personal?: PersonalOptions;
    persistAggregate?: boolean | undefined;
    snapshot?: unknown;
  },
): void {
  if (!personal) return;
  const refuse = (field: string, message: string) =>
    new StoreError("INVALID_INPUT", message, { field, stream });
  if (persistAggregate) {
    throw refuse(
      "persistAggregate",
      `Cannot persist the aggregates of stream "${stream}", which has personal fields: they would be stored with every event as plain text; keep snapshots instead`,
    );
  }
  if (snapshot && personal.subject) {
    throw refuse(
      "snapshot",
      `Cannot keep snapshots of stream "${stream}": each is encrypted with the key of its aggregate, and "personal.subject" gives its fields others; leave one of the two out`,
    );
  }
  for (const [type, fields] of Object.entries(personal.fields)) {
    if (typeof fields !== "object" || fields === null || "type" in fields) {
      throw refuse(
        `personal.fields.${type}`,
        `Expected the personal fields of "${type}" by their names, and not its type`,
      );
    }
  }
}

/** The same where a specification runs it, which shows what is stored. */
export function withoutPersonal<T extends { personal?: PersonalOptions }>(
  { personal: _, ...others }: T,
): T {
  return others as T;
}
