import assert from "node:assert/strict";
import { test } from "node:test";
import { countTests } from "./test_counts.ts";

test("countTests() counts tests and not the groups that hold them", () => {
  const junit = `<testsuites>
    <testcase name="memory"><failure message="1 test step failed">1 test step failed.</failure></testcase>
    <testcase name="memory &gt; a" time="1"></testcase>
    <testcase name="memory &gt; b"><failure message="no">no</failure></testcase>
    <testcase name="alone"/>
    <testcase name="later"><skipped/></testcase>
  </testsuites>`;
  assert.deepEqual(countTests(junit), { passed: 2, failed: 1, skipped: 1 });
});

test("countTests() counts a group whose own hook fails", () => {
  const junit = `
    <testcase name="memory"><failure message="no">open failed</failure></testcase>
    <testcase name="memory &gt; a"></testcase>`;
  assert.deepEqual(countTests(junit), { passed: 1, failed: 1, skipped: 0 });
});
