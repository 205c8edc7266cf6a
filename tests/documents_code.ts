/**
 * The code blocks of a document. What their first line says:
 *
 * - `ts`: stands alone. It is checked, and `deno test --doc` runs it.
 * - `ts ignore`: stands alone, and needs a server. It is checked.
 * - `ts ignore [name.ts]`: a file; those of a document stand in one folder. It
 *   is checked.
 *
 * A block of `text` behind code, or behind the command that runs a file, is
 * what it prints: then it is run. So is a test. `<!-- continues start.md -->` says that the reader has the
 * files of that document, whose path is from the root.
 */

/** A block of code. */
export type CodeBlock = {
  /** The first word of its first line. */
  language: string;
  /** The words behind it, without a file's name. */
  attributes: string[];
  /** The name of the file that it is, if it is one. */
  file: string | undefined;
  /** What stands in it. */
  text: string;
  /** The text block that follows it with nothing but a blank line between. */
  output: string | undefined;
  /** Where it begins, for messages. */
  line: number;
};

const fence = /^```([^\n]*)\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?/gms;

/** The code blocks of a document, in their order. */
export function codeBlocks(document: string): CodeBlock[] {
  return [...document.matchAll(fence)].map(([, info, text, output], index) => {
    const [language = "", ...words] = info!.split(" ");
    const name = words.find((word) => word.startsWith("["));
    return {
      language,
      attributes: words.filter((word) => word !== name),
      file: name?.slice(1, -1),
      text: text!,
      output,
      line: lineOf(document, index),
    };
  });
}

function lineOf(document: string, index: number): number {
  const found = [...document.matchAll(fence)][index]!;
  return document.slice(0, found.index).split("\n").length;
}

/** The document whose files the reader has already. */
export function continuedFrom(document: string): string | undefined {
  return /<!-- continues (\S+) -->/.exec(document)?.[1];
}

/** What a block of commands runs, if it is one file and no more. */
export function commandOf(
  { language, text }: CodeBlock,
): { command: "run" | "test"; file: string } | undefined {
  if (language !== "sh") return undefined;
  const pattern = /^deno (run|test) -A (?:--config \S+ )?(\S+\.ts)\n$/;
  const [, command, file] = pattern.exec(text) ?? [];
  return command && file
    ? { command: command as "run" | "test", file }
    : undefined;
}
