import { InvalidCommandError, StoreError } from "./errors.ts";
import type { Event, EventMeta } from "./event.ts";
import type {
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  StandardSchema,
} from "./standard_schema.ts";
import { checkEvent } from "./validation.ts";

/** The schema of each event, or of each command, without its `type`. */
export type Schemas = { [type: string]: StandardSchema<unknown, object> };

/** The events that schemas describe. */
export type EventsOfSchemas<S extends Schemas> = {
  [T in keyof S & string]: EventOfPayload<T, SchemaOutput<S[T]>>;
}[keyof S & string];

/**
 * The event of a type whose payload this is. An empty object is a record of
 * nothing to Zod, which would leave the event no type.
 */
export type EventOfPayload<T extends string, Payload> = Payload extends unknown
  ? [Payload[keyof Payload]] extends [never] ? { type: T }
  : { [K in keyof ({ type: T } & Payload)]: ({ type: T } & Payload)[K] }
  : never;

/**
 * Refuses, for the compiler, a schema that does not take what it gives: what it
 * gives is stored, and must be valid when it is read.
 */
export type StableSchemas<S extends Schemas> = {
  [T in keyof S]: SchemaOutput<S[T]> extends SchemaInput<S[T]> ? S[T]
    : StandardSchema<SchemaOutput<S[T]>>;
};

/** What is known of the schemas of an aggregate's events. */
export type SchemaOptions = {
  /** The schema of each event, by its `type`. */
  schema?: Schemas;
  /** Whether events are validated when they are read, too. Default: false. */
  validateOnRead?: boolean;
};

/**
 * What is stored of an event: what its schema gives.
 *
 * @param field What to call it in the error, such as `events[0]`.
 * @throws {StoreError} `INVALID_EVENT` or `INVALID_INPUT`, naming the property;
 * `NOT_SUPPORTED` for an asynchronous schema.
 */
export function toStorable<E extends Event>(
  { schema, validateOnRead = false }: SchemaOptions,
  field: string,
  event: E,
  facts: { stream: string; aggregateId: string },
): E {
  checkEvent(field, event);
  if (!schema) return event;
  const refuse = (path: string, reason: string) =>
    new StoreError(
      "INVALID_EVENT",
      `Cannot store ${path} of "${facts.aggregateId}" in stream "${facts.stream}": ${reason}`,
      { field: path, ...facts },
    );
  const validated = validateEvent(schema, field, event, refuse);
  checkEvent(field, validated);
  // As the database will give it back.
  let changed: string | undefined;
  const text = JSON.stringify(validated, function (key, value) {
    if (value !== this[key]) changed ??= key;
    return value;
  });
  if (changed !== undefined && !validateOnRead) {
    throw refuse(
      `${field}.${changed}`,
      "it would be read back as another type; let the schema give text or a number, or set validateOnRead",
    );
  }
  const again = validateEvent(
    schema,
    field,
    JSON.parse(text),
    (path, reason) =>
      refuse(path, `the schema does not accept what it gave: ${reason}`),
  );
  if (JSON.stringify(again) !== text) {
    throw refuse(
      field,
      "the schema changes what it gave when it is validated again",
    );
  }
  return validated;
}

/**
 * An event as it is read: what its schema gives.
 *
 * @throws {StoreError} `INVALID_EVENT`, naming the event and the property.
 */
export function toRead<E extends Event>(
  schema: Schemas,
  event: E,
  { stream, aggregateId, version }: EventMeta,
): E {
  return validateEvent(
    schema,
    "event",
    event,
    (field, reason) =>
      new StoreError(
        "INVALID_EVENT",
        `Cannot read ${field} of version ${version} of "${aggregateId}" in stream "${stream}": ${reason}`,
        { field, stream, aggregateId },
      ),
  );
}

/**
 * How handlers read the events of these aggregates. One whose type has no
 * schema is passed on as it is: another aggregate may append to the stream.
 */
export function readsOf(
  aggregates: {
    stream: string;
    schema?: Schemas | undefined;
    validateOnRead?: boolean | undefined;
  }[],
): { read?: (event: Event, meta: EventMeta) => Event } {
  const schemas = new Map<string, Schemas>();
  for (const { stream, schema, validateOnRead } of aggregates) {
    if (!schema || !validateOnRead) continue;
    schemas.set(stream, { ...schemas.get(stream), ...schema });
  }
  if (schemas.size === 0) return {};
  return {
    read(event, meta) {
      const known = schemas.get(meta.stream);
      return known && Object.hasOwn(known, event.type)
        ? toRead(known, event, meta)
        : event;
    },
  };
}

function validateEvent<E extends Event>(
  schemas: Schemas,
  field: string,
  event: E,
  refuse: (field: string, reason: string) => StoreError,
): E {
  const { type, __persisted, ...payload } = event as E & {
    __persisted?: unknown;
  };
  if (!Object.hasOwn(schemas, type)) {
    throw refuse(field, `there is no schema of events of type "${type}"`);
  }
  const result = validate(schemas[type]!, `schema.${type}`, payload);
  if (result.issues) {
    const { field: path, message } = toIssue(field, result.issues[0]);
    throw refuse(path, message);
  }
  const output: unknown = result.value;
  if (typeof output !== "object" || output === null || Array.isArray(output)) {
    throw refuse(field, "its schema gave no object");
  }
  return { ...output, type } as unknown as E;
}

/**
 * Makes what turns the body of a command into what its handler gets.
 *
 * @param names The names of the command handlers.
 * @param schemas A schema for each of them.
 * @throws {StoreError} `INVALID_INPUT` for a command without a schema, or a
 * schema without a command.
 */
export function commandParser(
  names: string[],
  schemas: Schemas | undefined,
): (name: string, body: object) => object {
  if (!schemas) return (_name, body) => body;
  for (const name of new Set([...names, ...Object.keys(schemas)])) {
    if (names.includes(name) && Object.hasOwn(schemas, name)) continue;
    const [has, lacks] = names.includes(name)
      ? ["command handler", "schema"]
      : ["schema", "command handler"];
    throw new StoreError(
      "INVALID_INPUT",
      `Expected a ${lacks} for "${name}": it has a ${has} only`,
      { field: `commandSchema.${name}` },
    );
  }
  return (name, body) => {
    const result = validate(schemas[name]!, `commandSchema.${name}`, body);
    if (!result.issues) return result.value;
    const issues = result.issues.map((issue) => toIssue("", issue));
    throw new InvalidCommandError(name, issues);
  };
}

function validate(
  schema: StandardSchema<unknown, object>,
  field: string,
  value: unknown,
) {
  const result = schema["~standard"].validate(value);
  if (!("then" in result)) return result;
  result.catch(() => {});
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot use the asynchronous schema ${field}: what is valid must follow from the value alone; ask whatever else in the command handler`,
    { field },
  );
}

/** An issue with its path as text, below `field`. */
function toIssue(
  field: string,
  { message, path = [] }: SchemaIssue = { message: "it is not valid" },
): { field: string; message: string } {
  const text = path.reduce<string>((text, part) => {
    const key = typeof part === "object" ? part.key : part;
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, field);
  return { field: text, message };
}
