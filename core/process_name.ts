type Runtime = {
  process?: {
    pid?: number;
    getBuiltinModule?(id: "node:os"): typeof import("node:os") | undefined;
  };
};

/**
 * What a person calls this process, for a status: `host:process id`, or an
 * empty text where the runtime does not say, as in a browser.
 */
export function processName(): string {
  const { process } = globalThis as Runtime;
  const os = process?.getBuiltinModule?.("node:os");
  try {
    return os ? `${os.hostname()}:${process!.pid}` : "";
  } catch {
    // Deno asks for a permission, `--allow-sys`.
    return "";
  }
}
