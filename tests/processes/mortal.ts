import type { Provider } from "evtstore";

/** What becomes of the call at which somebody dies. */
export type Death =
  /** It is not carried out, and it fails. */
  | "before"
  /** It is carried out, and its answer is lost. */
  | "after"
  /** It is carried out, and nothing is ever heard again. */
  | "silent"
  /** It waits until it is released, and goes on then. */
  | "paused";

/** A provider as one process sees it that dies at one of its calls. */
export type Mortal = {
  provider: Provider<any>;
  /** Resolves at the death. */
  died: Promise<void>;
  /** Whether it has happened. */
  isDead(): boolean;
  /** Lets a paused one go on. */
  release(): void;
};

/** Makes a provider whose process dies at the call of this number, from 1. */
export function mortal(
  inner: Provider<any>,
  callNumber: number,
  death: Death,
): Mortal {
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const forEver = new Promise<never>(() => {});
  let calls = 0;
  const call = async (work: () => unknown) => {
    calls++;
    if (calls < callNumber) return await work();
    die();
    if (death === "paused") {
      if (calls === callNumber) await released;
      return await work();
    }
    const isLast = calls === callNumber;
    if (isLast && death !== "before") await work();
    if (death === "silent") return await forEver;
    throw new Error("died");
  };
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (name === "records") return wrap(member as object);
        const isCall = typeof member === "function" &&
          !["createEvents", "onError", "watch"].includes(String(name));
        return isCall
          ? (...parameters: unknown[]) =>
            call(() => member.apply(target, parameters))
          : member;
      },
    });
  return {
    provider: wrap(inner),
    died,
    isDead: () => calls >= callNumber,
    release,
  };
}
