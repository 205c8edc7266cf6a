import type { RefusalCode } from "./account.ts";
import { catchUp } from "./catch_up.ts";
import {
  accountsOf,
  type CustomerCommand,
  MalformedLine,
  parseCommand,
} from "./customer_command.ts";
import { Lanes } from "./lanes.ts";
import type { Line } from "./lines.ts";
import type { Statements } from "./statements.ts";
import type { Teller } from "./teller.ts";

/** What became of the lines of a file. Blank lines are not counted. */
export type Summary = {
  /** All lines. */
  lines: number;
  /** Commands that changed something now. */
  applied: number;
  /** Commands that an earlier run applied or refused. */
  alreadyApplied: number;
  /** Commands that the bank refused now, by the reason. */
  refused: Map<RefusalCode, number>;
  /** Lines that are no commands. */
  malformed: number;
};

/** Who learns how it goes. */
export type Listener = {
  /** A line is no command. */
  onMalformed(lineNumber: number, reason: string): void;
  /** Another command has come to its end. */
  onServed(): void;
};

/** Commands that are carried out at the same time, on different accounts. */
const AT_A_TIME = 64;

/** How many lines the read model may be behind. */
const READ_MODEL_LINES = 1000;

/**
 * Carries out the commands of a file and brings the read model up to date.
 *
 * Two commands of one account are carried out in the order of the file, the
 * second when the first has come to its end; others at the same time. So what
 * becomes of each depends on the lines before it and on nothing else.
 */
export async function serveLines(
  lines: AsyncIterable<Line>,
  teller: Teller,
  statements: Statements<any>,
  listener: Listener,
): Promise<Summary> {
  const summary: Summary = {
    lines: 0,
    applied: 0,
    alreadyApplied: 0,
    refused: new Map(),
    malformed: 0,
  };
  const lanes = new Lanes(AT_A_TIME);
  const lineOfId = new Map<string, number>();

  async function serve(command: CustomerCommand): Promise<void> {
    const outcome = await teller.serve(command);
    switch (outcome.kind) {
      case "applied":
        summary.applied++;
        break;
      case "already applied":
        summary.alreadyApplied++;
        break;
      case "refused": {
        const { code } = outcome;
        summary.refused.set(code, (summary.refused.get(code) ?? 0) + 1);
      }
    }
    listener.onServed();
  }

  await teller.settle();
  for await (const line of lines) {
    if ("text" in line && line.text.trim() === "") continue;
    summary.lines++;
    try {
      const command = toCommand(line, lineOfId);
      await lanes.add(accountsOf(command), () => serve(command));
    } catch (error) {
      if (!(error instanceof MalformedLine)) throw error;
      summary.malformed++;
      listener.onMalformed(line.number, error.message);
    }
    if (summary.lines % READ_MODEL_LINES === 0) await catchUp(statements);
  }
  await lanes.idle();
  await catchUp(statements);
  return summary;
}

function toCommand(
  line: Line,
  lineOfId: Map<string, number>,
): CustomerCommand {
  if ("problem" in line) throw new MalformedLine(line.problem);
  const command = parseCommand(line.text);
  const first = lineOfId.get(command.id);
  if (first !== undefined) {
    throw new MalformedLine(`id "${command.id}" stands on line ${first} too`);
  }
  lineOfId.set(command.id, line.number);
  return command;
}
