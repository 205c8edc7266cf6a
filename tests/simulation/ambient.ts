/**
 * Runs work in which nothing can be had that is not drawn from the seed: time
 * and chance of the runtime itself end it.
 */
export async function withoutAmbient<T>(
  fail: (message: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const refuse = (name: string) => () => {
    fail(`${name} is called: time and chance come from the clock only`);
    throw new Error(`${name} is not to be called here`);
  };
  let ids = 0;
  const undo = [
    replace(globalThis, "setTimeout", refuse("setTimeout")),
    replace(globalThis, "setInterval", refuse("setInterval")),
    replace(Math, "random", refuse("Math.random")),
    replace(Date, "now", refuse("Date.now")),
    replace(performance, "now", refuse("performance.now")),
    // The name of a bookmark that nobody has: any will do.
    replace(crypto, "randomUUID", () => `nobody ${++ids}`),
  ];
  try {
    return await work();
  } finally {
    for (const one of undo) one();
  }
}

function replace(target: any, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, {
    value,
    configurable: true,
    writable: true,
  });
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else delete target[name];
  };
}
