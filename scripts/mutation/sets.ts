/** Files that are mutated together, and the tests that must notice. */
export type MutationSet = {
  /** Whether a file of the tree is mutated. */
  mutates(path: string): boolean;
  /**
   * Whether a file of the tree is a test that is tried: the quick ones first,
   * and with what survived those the others.
   */
  tests: ((path: string) => boolean)[];
};

const isTest = (path: string) => path.endsWith("_test.ts");

/** What a test starts as a process of its own runs without the mutant. */
const startsProcesses = (path: string) => /kill_test\.ts$/.test(path);

export const sets: Record<string, MutationSet> = {
  core: {
    mutates: (path) =>
      path.startsWith("core/") && !isTest(path) &&
      path !== "core/fake_clock.ts",
    tests: [
      (path) => isTest(path) && /^(core|spec)\//.test(path),
      (path) =>
        isTest(path) && !startsProcesses(path) &&
          /^tests\/(parking|processes|rebuild)\//.test(path) ||
        path === "tests/providers/memory_test.ts" ||
        path === "providers/memory_test.ts",
    ],
  },
  sqlite: {
    mutates: (path) =>
      /^providers\/(sql\/)?sqlite[a-z_]*\.ts$/.test(path) && !isTest(path) ||
      /^providers\/(append_input|append_watch|append_listeners|byte_order|name_input|record_input|report|single_writer)\.ts$/
        .test(path),
    tests: [
      (path) =>
        /^providers\/(sql\/)?sqlite[a-z_]*_test\.ts$/.test(path) ||
        /^providers\/(append_input|append_watch|byte_order|name_input|record_input|report|single_writer)_test\.ts$/
          .test(path),
      (path) => path === "tests/providers/sqlite_test.ts",
    ],
  },
};
