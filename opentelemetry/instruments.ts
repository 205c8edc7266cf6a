import type { Counter, Histogram, ObservableGauge } from "@opentelemetry/api";
import { subscribe } from "node:diagnostics_channel";
import { APPEND_GROUPS, type AppendGroup } from "../providers/append_groups.ts";
import { attribute } from "./names.ts";
import type { Meter } from "./sdk_types.ts";

/** What of a provider and its handlers is measured. */
export type Instruments = {
  /** How long calls of the database take. */
  operation: Histogram;
  /** How many appends shared a statement. */
  appendGroup: Histogram;
  /** Appends that came too late. */
  conflicts: Counter;
  /** Events that were appended. */
  sent: Counter;
  /** How long commands take. */
  command: Histogram;
  /** How long callbacks take. */
  process: Histogram;
  /** Events that callbacks were called for. */
  consumed: Counter;
  /** Failures of handlers. */
  failures: Counter;
  /** Leases that came and went. */
  leaseChanges: Counter;
  /** Read when metrics are collected. */
  gauges: {
    lagEvents: ObservableGauge;
    lagTime: ObservableGauge;
    parkedEvents: ObservableGauge;
    parkedAggregates: ObservableGauge;
  };
};

/** Bounds in seconds, as the conventions advise. */
const seconds = {
  unit: "s",
  advice: {
    explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
  },
};

const made = new WeakMap<Meter, Instruments>();

/** The instruments of a meter: the same ones for all that it measures. */
export function instrumentsOf(meter: Meter): Instruments {
  let instruments = made.get(meter);
  if (!instruments) {
    made.set(meter, instruments = create(meter));
    measureGroups(instruments.appendGroup);
  }
  return instruments;
}

/** Of all stores of this process: a group does not know who is measured. */
function measureGroups(sizes: Histogram): void {
  subscribe(APPEND_GROUPS, (message) => {
    const { system, appends } = message as AppendGroup;
    sizes.record(appends, { [attribute.databaseSystem]: system });
  });
}

function create(meter: Meter): Instruments {
  return {
    operation: meter.createHistogram("db.client.operation.duration", {
      description: "Duration of calls of the event store",
      ...seconds,
    }),
    appendGroup: meter.createHistogram("evtstore.append.group.size", {
      description: "Appends that were stored by one statement",
      unit: "{append}",
      advice: { explicitBucketBoundaries: [1, 2, 5, 10, 20, 50, 100] },
    }),
    conflicts: meter.createCounter("evtstore.append.conflicts", {
      description: "Appends refused because the aggregate had another version",
      unit: "{conflict}",
    }),
    sent: meter.createCounter("messaging.client.sent.messages", {
      description: "Events appended",
      unit: "{message}",
    }),
    command: meter.createHistogram("evtstore.command.duration", {
      description: "Duration of commands, from load to append",
      ...seconds,
    }),
    process: meter.createHistogram("messaging.process.duration", {
      description: "Duration of callbacks of handlers",
      ...seconds,
    }),
    consumed: meter.createCounter("messaging.client.consumed.messages", {
      description: "Events that callbacks were called for",
      unit: "{message}",
    }),
    failures: meter.createCounter("evtstore.handler.failures", {
      description: "Failures of handlers, by what became of them",
      unit: "{failure}",
    }),
    leaseChanges: meter.createCounter("evtstore.handler.lease.changes", {
      description: "Leases acquired, lost and released",
      unit: "{change}",
    }),
    gauges: {
      lagEvents: meter.createObservableGauge("evtstore.handler.lag.events", {
        description: "Events not yet handled, counted to 1,000",
        unit: "{event}",
      }),
      lagTime: meter.createObservableGauge("evtstore.handler.lag.time", {
        description: "Age of the oldest event not yet handled",
        unit: "s",
      }),
      parkedEvents: meter.createObservableGauge(
        "evtstore.handler.parked.events",
        { description: "Events parked", unit: "{event}" },
      ),
      parkedAggregates: meter.createObservableGauge(
        "evtstore.handler.parked.aggregates",
        { description: "Aggregates parked", unit: "{aggregate}" },
      ),
    },
  };
}
