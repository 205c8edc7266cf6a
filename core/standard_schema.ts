/**
 * What a validator of Standard Schema has, such as those of Zod, Valibot and
 * ArkType. Copied from the specification, version 1, which asks for it rather
 * than for a dependency: https://standardschema.dev (`@standard-schema/spec`
 * 1.0.0), without what this library does not read.
 */
export type StandardSchema<Input = unknown, Output = Input> = {
  /** The properties of the specification. */
  readonly "~standard": {
    /** The version of the specification. */
    readonly version: 1;
    /** The name of the validator's library. */
    readonly vendor: string;
    /** Validates a value. */
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** What goes in and what comes out, for the compiler only. */
    readonly types?: {
      readonly input: Input;
      readonly output: Output;
    } | undefined;
  };
};

/** What came of a validation: the output, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong, and where. */
export type SchemaIssue = {
  /** What is wrong. */
  readonly message: string;
  /** The keys that lead there. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
};

/** What a schema takes. */
export type SchemaInput<S extends StandardSchema> = NonNullable<
  S["~standard"]["types"]
>["input"];

/** What a schema gives. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<
  S["~standard"]["types"]
>["output"];
