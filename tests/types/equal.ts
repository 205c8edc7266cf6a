/** Whether two types are the same; assignable both ways is not enough. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;

/** Does not compile unless its type is `true`. */
export function expectType<T extends true>(): void {
  return undefined as T extends true ? void : never;
}
