import { chownSync, mkdirSync, readFileSync } from "node:fs";
import process from "node:process";

export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom a server runs as when we are root, which servers refuse to be: the
 * first of the names that this machine has. Undefined when we are not root.
 */
export function serverUser(names: readonly string[]): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = findUser(readFileSync("/etc/passwd", "utf8"), names);
  if (user === undefined) {
    throw new Error(
      `Cannot start a server as root: no user named ${names.join(" or ")}`,
    );
  }
  return user;
}

/** The first of the names in the text of a passwd file. */
export function findUser(
  passwd: string,
  names: readonly string[],
): ServerUser | undefined {
  const entries = passwd.split("\n").map((line) => line.split(":"));
  for (const name of names) {
    const entry = entries.find((fields) => fields[0] === name);
    const uid = Number(entry?.[2]);
    const gid = Number(entry?.[3]);
    if (uid > 0 && gid > 0) return { name, uid, gid };
  }
  return undefined;
}

/** Makes a folder that only the user can read. */
export function makeFolder(folder: string, user: ServerUser | undefined): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
}
