/** One place in which two values differ. */
export type Change = {
  /** Where it is: "lines[2].quantity"; empty for the whole value. */
  path: string;
  kind: "added" | "removed" | "changed";
  before?: unknown;
  after?: unknown;
};

/** Where two JSON values differ, in the order of the newer one. */
export function differences(
  before: unknown,
  after: unknown,
  path = "",
): Change[] {
  if (Object.is(before, after)) return [];
  if (before === undefined) return [{ path, kind: "added", after }];
  if (after === undefined) return [{ path, kind: "removed", before }];
  if (!isTree(before) || !isTree(after) || isArray(before) !== isArray(after)) {
    return [{ path, kind: "changed", before, after }];
  }
  const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...keys].flatMap((key) =>
    differences(
      own(before, key),
      own(after, key),
      isArray(after) ? `${path}[${key}]` : join(path, key),
    )
  );
}

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null;
}

function isArray(value: Tree): boolean {
  return Array.isArray(value);
}

function own(value: Tree, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function join(path: string, key: string): string {
  const name = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key)
    ? key
    : JSON.stringify(key);
  if (name !== key) return `${path}[${name}]`;
  return path === "" ? key : `${path}.${key}`;
}
