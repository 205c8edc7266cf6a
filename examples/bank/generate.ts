/**
 * Writes commands for the demo, the same for the same seed:
 *
 *     deno run examples/bank/generate.ts --lines 3000 --seed 1 > commands.jsonl
 *
 * @module
 */
import { once } from "node:events";
import process from "node:process";
import { parseArgs } from "node:util";
import type { CustomerCommand } from "./customer_command.ts";

const NAMES = [
  "ada",
  "alan",
  "annie",
  "barbara",
  "donald",
  "dorothy",
  "edsger",
  "evelyn",
  "frances",
  "grace",
  "hedy",
  "john",
  "katherine",
  "ken",
  "leslie",
  "lynn",
  "margaret",
  "niklaus",
  "radia",
  "tony",
];

/** How many commands there are for each account. */
const LINES_PER_ACCOUNT = 30;

/** Yields commands: each account is opened, and then it goes on at random. */
export function* generate(
  lines: number,
  seed: number,
): Generator<CustomerCommand> {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const accounts = Math.max(2, Math.ceil(lines / LINES_PER_ACCOUNT));
  const anyone = () => nameOf(below(accounts));

  for (let line = 1; line <= lines; line++) {
    const id = `c-${line.toString().padStart(6, "0")}`;
    const account = anyone();
    const cents = 1 + below(50_000);
    const chance = random();
    if (line <= accounts) {
      yield { id, type: "open", account: nameOf(line - 1) };
    } else if (chance < 0.4) {
      yield { id, type: "deposit", account, cents };
    } else if (chance < 0.65) {
      yield { id, type: "withdraw", account, cents };
    } else if (chance < 0.95) {
      const to = anyone();
      yield { id, type: "transfer", from: account, to, cents };
    } else if (chance < 0.97) {
      const to = `nobody-${below(9)}`;
      yield { id, type: "transfer", from: account, to, cents };
    } else if (chance < 0.98) {
      yield { id, type: "transfer", from: account, to: account, cents };
    } else if (chance < 0.99) {
      yield { id, type: "withdraw", account, cents: 100_000_000 };
    } else {
      yield { id, type: "open", account };
    }
  }
}

function nameOf(index: number): string {
  const name = NAMES[index % NAMES.length]!;
  const round = Math.floor(index / NAMES.length);
  return round === 0 ? name : `${name}-${round + 1}`;
}

// Mulberry32: small, and the same in every runtime.
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      lines: { type: "string", default: "3000" },
      seed: { type: "string", default: "1" },
    },
  });
  const lines = Number(values.lines);
  const seed = Number(values.seed);
  if (!Number.isInteger(lines) || lines < 0 || !Number.isInteger(seed)) {
    process.stderr.write("Expected --lines and --seed to be whole numbers\n");
    process.exitCode = 2;
  } else {
    for (const command of generate(lines, seed)) {
      const isFlowing = process.stdout.write(`${JSON.stringify(command)}\n`);
      if (!isFlowing) await once(process.stdout, "drain");
    }
  }
}
