import { fileURLToPath } from "node:url";
import { type CommandResult, run } from "./command.ts";
import type { DatabaseDefinition } from "./definition.ts";
import { messageOf, waitForAnswer } from "./ready.ts";
import { createSerial } from "./serially.ts";
import { recordServer } from "./state.ts";
import { tellingLine } from "./telling_line.ts";

// Two at a time would both make the network that they share.
const oneAtATime = createSerial();
const file = fileURLToPath(
  new URL("../../docker-compose.yml", import.meta.url),
);
let answer: Promise<boolean> | undefined;

/** Whether a Docker engine answers and has compose; asked once. */
export function composeAnswers(): Promise<boolean> {
  return answer ??= askEngine();
}

async function askEngine(): Promise<boolean> {
  const commands = [["compose", "version"], ["info", "--format", "{{.ID}}"]];
  for (const command of commands) {
    const { code } = await run("docker", command, { timeout: 3_000 });
    if (code !== 0) return false;
  }
  return true;
}

/** Starts a service, and says whether it did not run before. */
export function startService(
  definition: DatabaseDefinition,
  say: (message: string) => void,
): Promise<{ readonly started: boolean }> {
  const service = definition.composeService;
  const url = definition.composeUrl;
  return oneAtATime(async () => {
    const running = await compose(
      ["ps", "--services", "--status", "running"],
      10_000,
    );
    const started = !running.output.split("\n").includes(service);
    if (started) {
      say(`Starting ${definition.name} with Docker compose`);
      // Before it runs: if we are stopped meanwhile, "down" finds it.
      recordServer(definition.name, { via: "compose", service, url });
    }
    try {
      await composeOrThrow(["up", "--detach", "--wait", service], 900_000);
      const reason = await waitForAnswer(
        () => definition.ask(url),
        { timeout: 30_000 },
      );
      if (reason !== undefined) throw new Error(reason);
    } catch (error) {
      if (started) await stopService(definition.name, service);
      throw new Error(
        `Docker compose did not start ${service}: ${messageOf(error)}`,
      );
    }
    return { started };
  });
}

/** Stops and removes a service with its data, and forgets it. */
export async function stopService(
  name: string,
  service: string,
): Promise<void> {
  await composeOrThrow(
    ["rm", "--force", "--stop", "--volumes", service],
    120_000,
  );
  recordServer(name, undefined);
}

async function composeOrThrow(
  args: readonly string[],
  timeout: number,
): Promise<void> {
  const { code, output } = await compose(args, timeout);
  if (code !== 0) throw new Error(tellingLine(output));
}

function compose(
  args: readonly string[],
  timeout: number,
): Promise<CommandResult> {
  return run("docker", ["compose", "--file", file, ...args], { timeout });
}
