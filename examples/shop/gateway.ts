/** A payment service that is not ours. */
export type Gateway = {
  /**
   * Charges so much, once for each id: a repeated request is the same request.
   *
   * @throws If it cannot be reached.
   */
  charge(
    id: string,
    cents: number,
  ): Promise<{ receipt: string } | { declined: string }>;
};

/** More than this is declined by the one below. */
const LIMIT = 1000_00;

/** A service for the example: `down` are the ids that it fails on. */
export function createTestGateway(
  down: Set<string> = new Set(),
): Gateway & { charged: Map<string, number> } {
  const charged = new Map<string, number>();
  return {
    charged,
    async charge(id, cents) {
      if (down.has(id)) throw new Error("the payment service is down");
      if (cents > LIMIT) return { declined: "over the limit" };
      charged.set(id, cents);
      return { receipt: `receipt of ${id}` };
    },
  };
}
