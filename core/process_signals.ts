/** The signals of the process, in one place so that a test can send its own. */
export type Signals = {
  /** Calls `listener` at each signal of the name, until the returned call. */
  listen(name: string, listener: () => void): () => void;
  /** Ends the process now. */
  exit(code: number): void;
  /** What a shell calls the end by a signal. */
  exitCodeOf(name: string): number;
};

type Runtime = {
  process?: {
    on?(name: string, listener: () => void): unknown;
    off?(name: string, listener: () => void): unknown;
    exit?(code: number): never;
    getBuiltinModule?(id: "node:os"): typeof import("node:os") | undefined;
  };
};

/** Those of this process; where there is none, as in a browser, no signal comes. */
export const processSignals: Signals = {
  listen(name, listener) {
    const { process } = globalThis as Runtime;
    process?.on?.(name, listener);
    return () => void process?.off?.(name, listener);
  },

  exit(code) {
    (globalThis as Runtime).process?.exit?.(code);
  },

  exitCodeOf(name) {
    const os = (globalThis as Runtime).process?.getBuiltinModule?.("node:os");
    const numbers = os?.constants.signals as
      | Record<string, number>
      | undefined;
    return 128 + (numbers?.[name] ?? 0);
  },
};
