import { StoreError } from "../../core/errors.ts";
import { checkName } from "../../core/validation.ts";

/** The labels of the nodes, as the application names them. */
export type LabelOptions = {
  /** The label of events. */
  events: string;
  /** The label of bookmarks. */
  bookmarks: string;
  /** The label of records. @default the label of events and "Records" */
  records?: string;
};

/** The labels of the nodes, quoted for Cypher. */
export type Labels = {
  events: string;
  bookmarks: string;
  records: string;
  /** The one node that positions are drawn from. */
  counter: string;
};

/**
 * Quotes the labels.
 *
 * @throws {StoreError} `INVALID_INPUT` for one that cannot be quoted, or two
 * that are the same.
 */
export function toLabels(options: LabelOptions): Labels {
  const { events, bookmarks } = options;
  checkLabel("events", events);
  const plain = {
    events,
    bookmarks,
    records: options.records ?? `${events}Records`,
    counter: `${events}Counter`,
  };
  const labels = { ...plain };
  for (const [field, label] of Object.entries(plain)) {
    checkLabel(field, label);
    labels[field as keyof Labels] = `\`${label.replaceAll("`", "``")}\``;
  }
  if (new Set(Object.values(labels)).size < 4) {
    throw invalid(
      "bookmarks",
      "Expected events, bookmarks and records to have labels of their own",
    );
  }
  return labels;
}

function checkLabel(field: string, label: unknown): asserts label is string {
  checkName(field, label);
  // Cypher reads \u0060 as a backtick, inside of backticks too.
  if (label.includes("\\")) {
    throw invalid(field, `Expected ${field} to have no backslash`);
  }
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
