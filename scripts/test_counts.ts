/** How many tests of a run passed, failed, and were left out. */
export type TestCounts = { passed: number; failed: number; skipped: number };

/**
 * Counts the tests in a JUnit report. A group of tests stands in it as a test
 * of its own, beside those it holds, and is not counted.
 */
export function countTests(junit: string): TestCounts {
  const cases = [...junit.matchAll(
    /<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g,
  )].map(([, name, body]) => ({ name: name!, body: body ?? "" }));
  const groups = new Set<string>();
  for (const { name } of cases) {
    const parts = name.split(" &gt; ");
    while (parts.pop() !== undefined) groups.add(parts.join(" &gt; "));
  }
  const counts: TestCounts = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, body } of cases) {
    // A group that fails by itself, in a hook for example, has no failed test.
    const isGroup = groups.has(name);
    if (/<(failure|error)\b/.test(body)) {
      if (!isGroup || !body.includes("step failed")) counts.failed++;
    } else if (/<skipped\b/.test(body)) counts.skipped++;
    else if (!isGroup) counts.passed++;
  }
  return counts;
}
