import { type Board, createBoard, type Mail } from "./board.ts";
import { writeHistory } from "./history.ts";
import type { Shop } from "./shop.ts";

/** What is told, line by line. */
export type Tell = (line: string) => void;

/** What two earlier years have left, as the shop of today reads it. */
export async function tellHistory(shop: Shop, tell: Tell): Promise<void> {
  await writeHistory(shop.provider);
  for (const id of ["order of 2023", "order of 2024"]) {
    const stored = await shop.provider.getEventsFor("orders", id);
    const types = [];
    for await (const { aggregateId, event } of shop.readEvents(["orders"])) {
      if (aggregateId === id) types.push(event.type);
    }
    tell(`${id}: stored ${stored[0]!.event.type}, read ${types.join(", ")}`);
  }
  const { name, email } = await shop.domain.customer.getAggregate("charles");
  const { cents } = await shop.domain.product.getAggregate("clock");
  tell(`${name} is ${email}, and a clock costs ${euros(cents)}`);
}

/** The board that is live, with everything that is new on it. */
export async function liveBoard(shop: Shop, mail: Mail): Promise<Board> {
  const today = createBoard(shop, mail);
  const { version } = await today.handler.status();
  const board = version?.live === 2 ? today : createBoard(shop, mail, 1);
  await board.handler.runOnce();
  return board;
}

/**
 * The board of today goes through the whole log, and takes over. What the one
 * before has written to customers, it does not write again.
 */
export async function takeOver(
  shop: Shop,
  tell: Tell,
  mail: Mail,
): Promise<Board> {
  const before = await liveBoard(shop, mail);
  const today = createBoard(shop, mail);
  const handled = await today.handler.runOnce();
  const columns = async (board: Board) =>
    Object.keys((await board.read()).get("order of 2023")!).sort().join(", ");
  if (handled > 0) {
    tell(`the board had ${await columns(before)}`);
    tell(`now it has ${await columns(today)}`);
  }
  const { version } = await today.handler.status();
  tell(`version ${version?.live} of the board is live`);
  return today;
}

/** An amount as people read it. */
export function euros(cents: number): string {
  return (cents / 100).toFixed(2);
}
