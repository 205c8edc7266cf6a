import { isAmount, MAX_CENTS } from "./money.ts";

/** What a customer can ask for, one on each line of a commands file. */
export type CustomerCommand =
  | { id: string; type: "open"; account: string }
  | { id: string; type: "deposit"; account: string; cents: number }
  | { id: string; type: "withdraw"; account: string; cents: number }
  | { id: string; type: "transfer"; from: string; to: string; cents: number };

/** The accounts that a command may change. */
export function accountsOf(command: CustomerCommand): string[] {
  return command.type === "transfer"
    ? [command.from, command.to]
    : [command.account];
}

/** Why a line is not a command. */
export class MalformedLine extends Error {
  override name = "MalformedLine";
}

/** The fields of each type of command, beside `id` and `type`. */
const FIELDS = new Map([
  ["open", ["account"]],
  ["deposit", ["account", "cents"]],
  ["withdraw", ["account", "cents"]],
  ["transfer", ["from", "to", "cents"]],
]);

/**
 * Reads a command from a line of JSON.
 *
 * @throws {MalformedLine} If it is not one, with the reason.
 */
export function parseCommand(text: string): CustomerCommand {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedLine("not a JSON object");
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const fieldsOfType = FIELDS.get(fields.get("type") as string);
  if (!fieldsOfType) {
    throw new MalformedLine(
      fields.has("type")
        ? `unknown type ${show(fields.get("type"))}: expected ${
          [...FIELDS.keys()].join(", ")
        }`
        : 'no field "type"',
    );
  }
  const expected = ["id", "type", ...fieldsOfType];
  for (const field of expected) {
    if (!fields.has(field)) throw new MalformedLine(`no field "${field}"`);
    checkField(field, fields.get(field));
  }
  for (const field of fields.keys()) {
    if (expected.includes(field)) continue;
    throw new MalformedLine(`unknown field ${show(field)}`);
  }
  return value as CustomerCommand;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MalformedLine(printable((error as Error).message));
  }
}

// Without a colon, which the ids of a transfer's steps have.
const NAME = /^[\p{L}\p{M}\p{N}._-]{1,64}$/u;

function checkField(field: string, value: unknown): void {
  if (field === "type") return;
  if (field === "cents") {
    if (isAmount(value)) return;
    throw new MalformedLine(
      `"cents" must be a whole number from 1 to ${MAX_CENTS}: got ${
        show(value)
      }`,
    );
  }
  if (typeof value === "string" && NAME.test(value)) return;
  throw new MalformedLine(
    `"${field}" must be a text of 1 to 64 letters, digits, ".", "_" and "-": got ${
      show(value)
    }`,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return printable(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

// A line from a file must not steer the terminal that it is shown on.
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "\ufffd");
}
