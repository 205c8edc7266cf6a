/** Node 20 lacks this: the test beside it shows that it would be found. */
export const gate: PromiseWithResolvers<void> = Promise.withResolvers();
