import { setTimeout as sleep } from "node:timers/promises";
import type { RefusalCode } from "./account.ts";
import type { Bank } from "./bank.ts";
import { catchUp } from "./catch_up.ts";
import type { CustomerCommand } from "./customer_command.ts";
import type { Database } from "./open_database.ts";
import type { Transfer } from "./transfer.ts";
import { createTransferProcess, shareOf } from "./transfer_process.ts";

/** What became of a command. */
export type Outcome =
  | { kind: "applied" }
  /** It was stored before, and was not looked at again. */
  | { kind: "already applied" }
  | { kind: "refused"; code: RefusalCode };

/** Carries out customers' commands, each to its end. */
export type Teller = {
  /** Carries out one command. A transfer is settled when it resolves. */
  serve(command: CustomerCommand): Promise<Outcome>;
  /** Settles what an earlier run, killed in the middle, has left pending. */
  settle(): Promise<void>;
};

/**
 * Processes that move transfers at the same time. What they store at the same
 * time is committed together, so the disk is waited for less often.
 */
const SHARES = 4;

/** Another run on the same database may have a transfer in hand, this long. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 20;

/** Makes a teller of a bank. */
export function createTeller(
  bank: Bank,
  provider: Database["provider"],
): Teller {
  const processes = Array.from(
    { length: SHARES },
    (_, index) => createTransferProcess(bank, { index, of: SHARES }),
  );

  async function settled(transferId: string): Promise<Transfer> {
    const process = processes[shareOf(transferId, SHARES)]!;
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      await catchUp(process);
      const transfer = await bank.domain.transfer.getAggregate(transferId);
      if (transfer.status !== "pending") return transfer;
      if (performance.now() > deadline) {
        throw new Error(
          `Transfer "${transferId}" is still pending after ${PATIENCE_MS} ms: stop other runs on this database and run this one again`,
        );
      }
      await sleep(PAUSE_MS);
    }
  }

  async function ask(
    command: CustomerCommand,
  ): Promise<{ refusal: RefusalCode | "" }> {
    const { accounts, transfers } = bank;
    const options = { commandId: command.id };
    switch (command.type) {
      case "open":
        return await accounts.open(command.account, {}, options);
      case "deposit":
      case "withdraw": {
        const { type, account, cents } = command;
        return await accounts[type](account, { cents }, options);
      }
      case "transfer": {
        const { id, from, to, cents } = command;
        const transfer = await transfers.request(
          id,
          { from, to, cents },
          options,
        );
        return transfer.status === "pending" ? await settled(id) : transfer;
      }
    }
  }

  async function isStored(command: CustomerCommand): Promise<boolean> {
    const [stream, aggregateId] = command.type === "transfer"
      ? [bank.domain.transfer.stream, command.id]
      : [bank.domain.account.stream, command.account];
    const found = await provider.findCommand(stream, aggregateId, command.id);
    return found !== undefined;
  }

  return {
    async settle() {
      await Promise.all(processes.map(catchUp));
    },

    async serve(command) {
      if (await isStored(command)) {
        // Another run may have stored it a moment ago: what follows must wait.
        if (command.type === "transfer") await ask(command);
        return { kind: "already applied" };
      }
      const { refusal } = await ask(command);
      return refusal ? { kind: "refused", code: refusal } : { kind: "applied" };
    },
  };
}
