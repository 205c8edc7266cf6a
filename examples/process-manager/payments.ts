/** What the payment service answers. */
export type Payment = { receipt: string } | { declined: string };

/**
 * A service of somebody else, as it is seen from here. It must take a key that
 * makes a repeated request the same one: a process manager asks again after a
 * crash, because it cannot know whether it was heard.
 */
export type Payments = {
  charge(key: string, cents: number): Promise<Payment>;
};

/** One that lives in memory: it declines large sums, and is down at first. */
export function createTestPayments(failures = 0): Payments & {
  charged: Map<string, number>;
} {
  const answers = new Map<string, Payment>();
  const charged = new Map<string, number>();
  return {
    charged,
    async charge(key, cents) {
      if (failures-- > 0) throw new Error("The payment service is down");
      const known = answers.get(key);
      if (known) return known;
      const answer = cents > 100_00
        ? { declined: "over the limit" }
        : { receipt: `receipt for ${key}` };
      answers.set(key, answer);
      if ("receipt" in answer) charged.set(key, cents);
      return answer;
    },
  };
}
