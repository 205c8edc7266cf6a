/**
 * A value that follows the asynchronous calls made inside `run`, where the
 * runtime can do that. In a browser `get` is always undefined, and what relies
 * on it loses a diagnosis, never its correctness.
 */
export type AsyncContext<T> = {
  /** Runs `work` with `value` as the current one. */
  run<R>(value: T, work: () => R): R;
  /** The value of the innermost `run` that this call came from. */
  get(): T | undefined;
};

type Runtime = {
  process?: {
    getBuiltinModule?(
      id: "node:async_hooks",
    ): typeof import("node:async_hooks") | undefined;
  };
};

/**
 * Makes an {@linkcode AsyncContext}. The built-in module is asked for at run
 * time rather than imported, so that core loads where there is none.
 */
export function createAsyncContext<T>(): AsyncContext<T> {
  const hooks = (globalThis as Runtime).process
    ?.getBuiltinModule?.("node:async_hooks");
  if (!hooks) return { run: (_value, work) => work(), get: () => undefined };
  const storage = new hooks.AsyncLocalStorage<T>();
  return {
    run: (value, work) => storage.run(value, work),
    get: () => storage.getStore(),
  };
}
