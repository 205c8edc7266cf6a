import type { CausedCommand } from "../api.ts";

/** A command with what its events have caused. */
export type CauseNode = {
  command: CausedCommand;
  /** The commands that each of its events has caused, by the event's key. */
  effects: Map<string, CauseNode[]>;
};

/**
 * Makes a tree of commands by their cause. What was caused by something that is
 * not among them stands at the top, and so does one that would cause itself.
 */
export function treeOf(commands: CausedCommand[]): CauseNode[] {
  const nodes = new Map(commands.map((command) => [
    command.key,
    { command, effects: new Map<string, CauseNode[]>() },
  ]));
  const owners = new Map<string, CauseNode>();
  for (const node of nodes.values()) {
    for (const { key } of node.command.events) owners.set(key, node);
  }
  const parents = new Map<CauseNode, CauseNode>();
  const roots: CauseNode[] = [];
  for (const node of nodes.values()) {
    const { cause } = node.command;
    const owner = cause === null ? undefined : owners.get(cause);
    if (!owner || isAbove(node, owner, parents)) {
      roots.push(node);
      continue;
    }
    parents.set(node, owner);
    const siblings = owner.effects.get(cause!) ?? [];
    owner.effects.set(cause!, [...siblings, node]);
  }
  return roots;
}

function isAbove(
  node: CauseNode,
  from: CauseNode,
  parents: Map<CauseNode, CauseNode>,
): boolean {
  for (
    let one: CauseNode | undefined = from;
    one !== undefined;
    one = parents.get(one)
  ) if (one === node) return true;
  return false;
}
