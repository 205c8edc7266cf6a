import type { Audit } from "./audit.ts";
import { formatCents } from "./money.ts";
import type { Balance } from "./read_model.ts";
import type { Summary } from "./serve_lines.ts";

/** The most accounts that are shown one by one. */
const MAX_SHOWN = 20;

/** The balances of the read model as a table, the highest first. */
export function balanceTable(balances: Balance[]): string {
  const rows = balances.slice(0, MAX_SHOWN)
    .map(({ account, cents }) => [account, formatCents(cents)]);
  const rest = balances.slice(MAX_SHOWN);
  if (rest.length > 0) {
    rows.push([`… and ${count(rest.length)} more`, formatCents(sum(rest))]);
  }
  const total = ["total", formatCents(sum(balances))];
  return table([["account", "balance"], ...rows, total]);
}

/** What became of the commands. */
export function summaryText(summary: Summary): string {
  const { applied, alreadyApplied, refused, malformed } = summary;
  const reasons = [...refused].sort(([left], [right]) => left < right ? -1 : 1);
  const refusals = reasons.reduce((all, [, number]) => all + number, 0);
  const lines = [
    `${count(summary.lines)} lines: ${count(applied)} applied, ${
      count(alreadyApplied)
    } already applied, ${count(refusals)} refused, ${
      count(malformed)
    } malformed`,
    ...reasons.map(([code, number]) => `  refused ${code}: ${count(number)}`),
  ];
  if (alreadyApplied > 0) {
    lines.push("  Nothing was applied twice: the log knew the ids.");
  }
  return lines.join("\n");
}

/** The proof that log and read model agree, or where they do not. */
export function auditText(audit: Audit): string {
  const { disagreements, deposited, withdrawn, total, transfers } = audit;
  const { completed, failed, pending } = transfers;
  const inBank = deposited - withdrawn;
  const lines = [
    disagreements.length === 0
      ? `ok     the balances and statements of ${
        count(audit.accounts)
      } accounts are those of ${count(audit.events)} events, to the cent`
      : `WRONG  accounts that differ between log and read model: ${
        count(disagreements.length)
      }`,
    ...disagreements.slice(0, MAX_SHOWN).map((found) =>
      `       ${found.account}: log ${money(found.log)}, balance ${
        money(found.balance)
      }, statement ${money(found.statement)}`
    ),
    `${total === inBank ? "ok   " : "WRONG"}  ${formatCents(deposited)} in - ${
      formatCents(withdrawn)
    } out = ${formatCents(inBank)}; all accounts hold ${formatCents(total)}`,
    `${pending === 0 ? "ok   " : "WRONG"}  ${
      count(completed + failed + pending)
    } transfers: ${count(completed)} completed, ${count(failed)} failed, ${
      count(pending)
    } pending`,
  ];
  return lines.join("\n");
}

function table(rows: string[][]): string {
  const first = Math.max(...rows.map(([name]) => name!.length));
  const second = Math.max(...rows.map(([, value]) => value!.length));
  const line = `${"-".repeat(first)}  ${"-".repeat(second)}`;
  const [head, ...others] = rows.map(([name, value]) =>
    `${name!.padEnd(first)}  ${value!.padStart(second)}`
  );
  const total = others.pop();
  return [head, line, ...others, line, total].join("\n");
}

function sum(balances: Balance[]): number {
  return balances.reduce((total, { cents }) => total + cents, 0);
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function money(cents: number | undefined): string {
  return cents === undefined ? "none" : formatCents(cents);
}
