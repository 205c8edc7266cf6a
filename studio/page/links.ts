/** The address of every view. What comes from the store is encoded. */
export const links = {
  overview: (): string => "#/",
  events: (filter: Query = {}): string => `#/events${query(filter)}`,
  aggregate: (stream: string, id: string, at?: number): string =>
    `#/aggregate/${part(stream)}/${part(id)}${
      query(at === undefined ? {} : { at: String(at) })
    }`,
  causation: (stream: string, id: string, version: number): string =>
    `#/causation/${part(stream)}/${part(id)}/${version}`,
  correlation: (correlationId: string): string =>
    `#/causation${query({ correlationId })}`,
  handlers: (): string => "#/handlers",
  parked: (bookmark?: string): string => `#/parked${query({ bookmark })}`,
  search: (text: string): string => `#/search${query({ text })}`,
};

/** The parameters of an address; what is empty is left out. */
export type Query = { [name: string]: string | undefined };

/** An address, taken apart. */
export type Route = {
  /** The first part: which view it is; empty for the overview. */
  view: string;
  /** The parts behind it. */
  parts: string[];
  /** The parameters. */
  query: URLSearchParams;
};

/** Takes an address apart; undefined if it is none that {@linkcode links} makes. */
export function parseRoute(hash: string): Route | undefined {
  const [path = "", search = ""] = split(hash.replace(/^#?\/?/, ""), "?");
  try {
    const [view = "", ...parts] = path.split("/").map(decodeURIComponent);
    return { view, parts, query: new URLSearchParams(search) };
  } catch {
    return undefined;
  }
}

/** Parameters as they stand in an address, with their question mark. */
export function query(values: Query): string {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value ? [[name, value.toWellFormed()]] : []
  );
  const text = new URLSearchParams(given).toString();
  return text === "" ? "" : `?${text}`;
}

/** A part of a path; half a character, which no address can have, is replaced. */
function part(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function split(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
