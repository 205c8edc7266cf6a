import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOf, figuresOf, lagOver, type Trace } from "./sharding_figures.ts";

/** Four events of two slices; process 0 ends at 150, and 1 goes on. */
const trace: Trace = {
  appended: [
    { aggregate: "a", slice: 0, at: 0 },
    { aggregate: "b", slice: 1, at: 0 },
    { aggregate: "a", slice: 0, at: 50 },
    { aggregate: "b", slice: 1, at: 300 },
  ],
  handled: [
    { event: 0, process: 0, at: 100 },
    { event: 1, process: 1, at: 110 },
    { event: 0, process: 1, at: 400 },
    { event: 3, process: 1, at: 500 },
    { event: 2, process: 1, at: 1000 },
  ],
  ended: [{ process: 0, at: 150, killed: true }],
};

test("figuresOf() counts each event once, and tells of repeats and misses", () => {
  const figures = figuresOf(trace);
  assert.equal(figures.perSecond, 4);
  assert.equal(figures.repeated, 1);
  assert.equal(figures.missed, 0);
  assert.equal(figures.disordered, 0);
  assert.deepEqual(figures.lag, { median: 110, p99: 950, most: 950 });
  const { missed } = figuresOf({
    ...trace,
    handled: trace.handled.slice(0, 3),
  });
  assert.equal(missed, 2);
});

test("figuresOf() takes speed, lag and balance from a window", () => {
  const figures = figuresOf(trace, { from: 0, to: 200 });
  assert.equal(figures.perSecond, 10);
  assert.deepEqual(figures.slices, [1, 1]);
  assert.deepEqual(figuresOf(trace).slices, [2]);
});

test("figuresOf() measures a take-over to the first event of another process", () => {
  assert.deepEqual(figuresOf(trace).takeOvers, [
    { killed: true, first: 250, most: 250 },
  ]);
  const later = trace.appended.with(0, { aggregate: "a", slice: 0, at: 390 });
  const waited = figuresOf({ ...trace, appended: later });
  assert.equal(waited.takeOvers[0]?.first, 10);
  // What it still finishes after it was told to stop is no take-over.
  const [one, ...others] = trace.handled;
  const late = { ...one!, event: 2, at: 160 };
  const handled = [one!, late, ...others];
  assert.equal(figuresOf({ ...trace, handled }).takeOvers[0]?.first, 250);
  assert.deepEqual(figuresOf({ ...trace, ended: [] }).takeOvers, []);
});

test("figuresOf() notices what comes before an earlier event of its aggregate", () => {
  const [one, two, , four, three] = trace.handled;
  const early = { ...three!, at: 50 };
  const handled = [early, one!, two!, four!];
  assert.equal(figuresOf({ ...trace, handled }).disordered, 1);
});

test("lagOver() tells of each part of a run", () => {
  assert.deepEqual(
    lagOver(trace, 200).map(({ from, handled, lag }) => [
      from,
      handled,
      lag.most,
    ]),
    [[0, 2, 110], [400, 1, 200], [1000, 1, 950]],
  );
});

test("errorOf() is a share of what was measured", () => {
  assert.equal(errorOf(110, 100), 0.1);
  assert.equal(errorOf(0, 0), 0);
});
