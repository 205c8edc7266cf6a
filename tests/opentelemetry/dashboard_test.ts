import { DataPointType } from "@opentelemetry/sdk-metrics";
import {
  CommandError,
  createAggregate,
  createCommands,
  createDomain,
} from "evtstore";
import { instrument, instrumentHandler } from "evtstore/opentelemetry";
import { createProvider, migrate } from "evtstore/provider/sqlite";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Recorder } from "./recorder.ts";

type Panel = {
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string }[];
};

const dashboard = JSON.parse(
  readFileSync(
    new URL("../../docs/grafana-dashboard.json", import.meta.url),
    "utf8",
  ),
);
const panels: Panel[] = dashboard.panels;
const queries: string[] = [
  ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list
    .flatMap(({ query }: any) => query.query ?? []),
];

const order = createAggregate({
  stream: "orders",
  create: () => ({}),
  fold: (_event: { type: "Placed" }) => ({}),
});

/** Does everything that is measured, at least once. */
async function measureEverything(): Promise<Recorder> {
  const recorder = new Recorder();
  const client = new DatabaseSync(":memory:");
  await migrate({ client });
  const store = createProvider({ client, onError: () => {} });
  const provider = instrument(store, recorder);
  const { domain, createHandler } = createDomain({ provider }, { order });
  const orders = createCommands(domain.order, {
    place: () => ({ type: "Placed" as const }),
    refuse: () => {
      throw new CommandError("No", "NO");
    },
    fail: () => {
      throw new TypeError("Broken");
    },
  });
  await orders.place("o1", {});
  await orders.place("o2", {});
  await assert.rejects(orders.refuse("o1", {}));
  await assert.rejects(orders.fail("o1", {}));
  const again = store.createEvents("orders", "o1", 1, [{ type: "Placed" }]);
  await assert.rejects(provider.append("orders", "o1", 1, again));
  const mails = createHandler("mails", ["orders"], {
    onFailure: "park",
    retry: { times: 0 },
  });
  instrumentHandler(mails, recorder);
  const isIdle = new Promise<void>((resolve) =>
    mails.observe((change) => {
      if (change.type === "state" && change.state === "idle") resolve();
    })
  );
  mails.handle("orders", "Placed", (id) => {
    if (id === "o1") throw new Error("No mail");
  });
  mails.start();
  await isIdle;
  await mails.stop();
  return recorder;
}

/** As exporters for Prometheus name them, with the labels that they have. */
async function prometheusMetrics(
  recorder: Recorder,
): Promise<Map<string, { metric: string; labels: Set<string> }>> {
  const toName = (name: string) => name.replaceAll(".", "_");
  const names = new Map<string, { metric: string; labels: Set<string> }>();
  const { metrics, errors } = await recorder.collect();
  assert.deepEqual(errors, []);
  for (const { descriptor, ...data } of metrics.scopeMetrics[0]!.metrics) {
    const { name, unit } = descriptor;
    const labels = new Set(
      data.dataPoints.flatMap(({ attributes }) =>
        Object.keys(attributes).map(toName)
      ),
    );
    const base = toName(name) + (unit === "s" ? "_seconds" : "");
    const isCounter = data.dataPointType === DataPointType.SUM;
    if (data.dataPointType === DataPointType.HISTOGRAM) {
      names.set(`${base}_count`, { metric: name, labels });
      const withBounds = new Set([...labels, "le"]);
      names.set(`${base}_bucket`, { metric: name, labels: withBounds });
    } else {
      names.set(isCounter ? `${base}_total` : base, { metric: name, labels });
    }
  }
  return names;
}

test("each metric and label that the dashboard asks for exists, and each metric is shown", async () => {
  const known = await prometheusMetrics(await measureEverything());
  const shown = new Set<string>();
  for (const query of queries) {
    const selectors = [...query.matchAll(/(\w+)\{([^}]*)\}/g)];
    assert.equal(selectors.length, 1, query);
    const [[, name, matchers]] = selectors as [RegExpMatchArray];
    const metric = known.get(name!);
    assert(metric, `${query}: there is no ${name}`);
    shown.add(metric.metric);
    const grouped = query.match(/by \(([^)]*)\)/)?.[1]?.split(", ") ?? [];
    const matched = [...matchers!.matchAll(/(\w+)(?:=|!)/g)]
      .map(([, label]) => label!);
    const listed = query.match(/^label_values\(.*, (\w+)\)$/)?.[1] ?? [];
    for (const label of [...grouped, ...matched, ...[listed].flat()]) {
      assert(metric.labels.has(label), `${query}: there is no ${label}`);
    }
  }
  const measured = new Set([...known.values()].map(({ metric }) => metric));
  assert.equal(measured.size, 13);
  assert.deepEqual([...measured].filter((metric) => !shown.has(metric)), []);
});

test("the page names every metric", async () => {
  const page = readFileSync(
    new URL("../../docs/how-to/opentelemetry.md", import.meta.url),
    "utf8",
  );
  const known = await prometheusMetrics(await measureEverything());
  for (const { metric } of known.values()) {
    assert(page.includes(`\`${metric}\``), metric);
  }
});

test("panels stand beside each other, not above each other", () => {
  assert(panels.length > 10);
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    assert(x + w <= 24, title);
    const covered = panels.filter(({ gridPos: other }) =>
      other.x < x + w && x < other.x + other.w && other.y < y + h &&
      y < other.y + other.h
    );
    assert.deepEqual(covered.map(({ title }) => title), [title]);
  }
});
