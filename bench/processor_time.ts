import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";

/** Milliseconds of a processor that this process has used. */
export function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of a processor that other processes have used, on Linux. */
export function timeOf(pids: number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    const folder = `/proc/${pid}/task`;
    for (const task of list(folder)) {
      const text = read(`${folder}/${task}/schedstat`);
      nanoseconds += Number(text.split(" ")[0]);
    }
  }
  return nanoseconds / 1e6;
}

/** A process, and all that it has started. */
export function descendantsOf(pid: number): number[] {
  const parents = list("/proc").filter((name) => /^\d+$/.test(name)).map((
    name,
  ) => {
    // The name of the program, in brackets, may hold anything.
    const [, parent] = read(`/proc/${name}/stat`).split(") ").at(-1)!.split(
      " ",
    );
    return { pid: Number(name), parent: Number(parent) };
  });
  const found = [pid];
  for (const one of found) {
    for (const { pid, parent } of parents) if (parent === one) found.push(pid);
  }
  return found;
}

/** The process of this machine that listens at a port; undefined if none is. */
export function listenerAt(port: number): number | undefined {
  const address = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = new Set<string>();
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(read).join("\n");
  for (const line of tables.split("\n")) {
    const [, local, , state, ...rest] = line.trim().split(/\s+/);
    if (local?.endsWith(address) && state === "0A") sockets.add(rest[5]!);
  }
  return list("/proc").filter((name) => /^\d+$/.test(name)).map(Number).find(
    (pid) =>
      list(`/proc/${pid}/fd`).some((file) => {
        const target = link(`/proc/${pid}/fd/${file}`);
        return sockets.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "");
      }),
  );
}

// A process may end while it is looked at.
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
