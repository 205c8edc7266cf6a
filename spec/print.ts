const WIDTH = 72;

/**
 * A value as text, the same for equal values: properties come in order, and
 * those that are undefined are left out, as in a database. What fits stands in
 * one line, so that two texts can be compared line by line.
 */
export function print(value: unknown): string {
  return lines(value, "", []);
}

function lines(value: unknown, indent: string, above: object[]): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function ${value.name}]`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (above.includes(value)) return "[Circular]";
  if (value instanceof Date) {
    return Number.isNaN(value.getTime())
      ? "Date(invalid)"
      : `Date(${value.toISOString()})`;
  }
  if (value instanceof RegExp) return String(value);
  const inner = [...above, value];
  const deeper = `${indent}  `;
  const child = (item: unknown) => lines(item, deeper, inner);
  if (Array.isArray(value)) return list("[", value.map(child), "]", indent);
  if (value instanceof Set) {
    return list("Set [", [...value].map(child), "]", indent);
  }
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) =>
      `${child(key)} => ${child(item)}`
    );
    return list("Map {", entries, "}", indent);
  }
  const entries = propertiesOf(value).map(([key, item]) =>
    `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}: ${
      child(item)
    }`
  );
  return list(`${className(value)}{`, entries, "}", indent);
}

function list(
  open: string,
  items: string[],
  close: string,
  indent: string,
): string {
  if (items.length === 0) return `${open}${close}`;
  const padding = open.endsWith("{") ? " " : "";
  const oneLine = `${open}${padding}${items.join(", ")}${padding}${close}`;
  // A list of objects has one a line: these are what is compared.
  const isPlain = open.endsWith("{") ||
    !items.some((item) => /[{[]/.test(item));
  if (
    isPlain && !oneLine.includes("\n") &&
    indent.length + oneLine.length <= WIDTH
  ) return oneLine;
  const inner = items.map((item) => `${indent}  ${item},\n`).join("");
  return `${open}\n${inner}${indent}${close}`;
}

/** The properties by name, `type` first: it says what the others mean. */
function propertiesOf(value: object): [string, unknown][] {
  const entries: [string, unknown][] = value instanceof Error
    ? [["message", value.message], ...Object.entries(value)]
    : Object.entries(value);
  return entries
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => {
      if (a === "type" || b === "type") return a === "type" ? -1 : 1;
      return a < b ? -1 : 1;
    });
}

function className(value: object): string {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return "";
  const name = prototype.constructor?.name;
  return !name || name === "Object" ? "" : `${name} `;
}
