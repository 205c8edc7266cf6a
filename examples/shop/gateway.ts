/** What a payment service answers; `waiting` is for its customer to pay there. */
export type Answer =
  | { receipt: string }
  | { declined: string }
  | { waiting: true };

/** A payment service that is not ours. */
export type Gateway = {
  /**
   * Charges so much, once for each id: a repeated request is the same request.
   *
   * @throws If it cannot be reached.
   */
  charge(id: string, cents: number): Promise<Answer>;
};

/** More than this is declined by the one below. */
const LIMIT = 1000_00;

/** A service for the example: the ids that it fails on, and that wait. */
export function createTestGateway(
  { down = new Set(), waiting = new Set() }: {
    down?: Set<string>;
    waiting?: Set<string>;
  } = {},
): Gateway & { charged: Map<string, number> } {
  const charged = new Map<string, number>();
  return {
    charged,
    async charge(id, cents) {
      if (down.has(id)) throw new Error("the payment service is down");
      if (waiting.has(id)) return { waiting: true };
      if (cents > LIMIT) return { declined: "over the limit" };
      charged.set(id, cents);
      return { receipt: `receipt of ${id}` };
    },
  };
}
