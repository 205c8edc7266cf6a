import type {
  ProvidedAggregate,
  StorableAggregate,
} from "../core/aggregate.ts";
import { originOf } from "../core/origin.ts";
import { withoutPersonal } from "../core/personal.ts";
import type { PersonalFields, PersonalOptions } from "../core/personal.ts";
import { createProvidedAggregate } from "../core/provided_aggregate.ts";
import type { EventOpener } from "../core/sealer.ts";
import { createProvider } from "../providers/memory.ts";

/** An aggregate of the application, as the studio uses it. */
export type KnownAggregate = {
  /** What the module calls it. */
  name: string;
  /** Its stream. */
  stream: string;
  /** Its fold, with its upcasters, over a store that is empty. */
  folded: Pick<ProvidedAggregate<any, any>, "getAggregate" | "toNextAggregate">;
  /** Its personal fields, where they are known. */
  personal?: PersonalOptions;
  /** Decrypts them, if the module says with which keys. */
  opener?: EventOpener;
};

/**
 * The aggregates among what a module exports: what `createAggregate`, or
 * `createDomain`, or `createProvidedAggregate` has returned, by itself or in an
 * object. Of several for one stream, the first one counts.
 */
export function findAggregates(module: object): KnownAggregate[] {
  const found = new Map<string, KnownAggregate>();
  collect(module, "", 3, (one) => {
    const known = found.get(one.stream);
    // The module may export both, and each knows something that the other does not.
    if (known) found.set(one.stream, { ...one, ...known });
    else found.set(one.stream, one);
  });
  return [...found.values()];
}

function collect(
  value: unknown,
  name: string,
  depth: number,
  add: (one: KnownAggregate) => void,
): void {
  if (typeof value !== "object" || value === null) return;
  const known = toKnown(name, value);
  if (known) return add(known);
  if (depth === 0 || "getEventsFrom" in value) return;
  for (const [key, one] of Object.entries(value)) {
    collect(one, key === "default" ? name : key, depth - 1, add);
  }
}

function toKnown(name: string, value: object): KnownAggregate | undefined {
  const provider = createProvider({ onError: () => {} });
  const origin = originOf<object>(value);
  if (origin) {
    const { stream, aggregate = origin.over } = origin;
    const folded = aggregate(provider);
    // What `createCommands` gives has an origin, and no fold.
    if (!("toNextAggregate" in folded)) return undefined;
    const { opener } = value as { opener?: EventOpener };
    return {
      name: name || stream,
      stream,
      folded: folded as KnownAggregate["folded"],
      ...opener && { opener },
    };
  }
  if (!isStorable(value)) return undefined;
  const { snapshot: _, ...others } = withoutPersonal(value);
  return {
    name: name || value.stream,
    stream: value.stream,
    folded: createProvidedAggregate({ ...others, provider }),
    ...value.personal && { personal: value.personal },
  };
}

function isStorable(
  value: object,
): value is StorableAggregate<any, any> {
  const { stream, aggregate, fold } = value as { [key: string]: unknown };
  return typeof stream === "string" && typeof aggregate === "function" &&
    typeof fold === "function";
}

/** The names of the personal fields, by the type of the event. */
export function personalNames(
  personal: PersonalOptions | undefined,
): { [type: string]: string[] } | undefined {
  if (!personal) return undefined;
  return Object.fromEntries(
    Object.entries(personal.fields as PersonalFields)
      .map(([type, fields]) => [type, Object.keys(fields ?? {})]),
  );
}
