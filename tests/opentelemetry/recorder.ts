import { context, type Meter, type Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  type DataPoint,
  type Histogram,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

/** Metrics are collected when a test asks for them. */
class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** The real SDK, which records in memory. */
export class Recorder {
  /** Makes spans. */
  readonly tracer: Tracer;
  /** Makes metrics. */
  readonly meter: Meter;
  #spans: InMemorySpanExporter = new InMemorySpanExporter();
  #reader: ManualReader = new ManualReader();

  constructor() {
    context.disable();
    context.setGlobalContextManager(
      new AsyncLocalStorageContextManager().enable(),
    );
    this.tracer = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(this.#spans)],
    }).getTracer("test");
    this.meter = new MeterProvider({ readers: [this.#reader] })
      .getMeter("test");
  }

  /** The spans that have ended, in that order. */
  get spans(): ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  /** The spans of one name. */
  named(name: string): ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** What was collected, and what failed meanwhile. */
  async collect(): Promise<{ metrics: ResourceMetrics; errors: unknown[] }> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    return { metrics: resourceMetrics, errors };
  }

  /** The points of one metric. */
  async points(name: string): Promise<DataPoint<number | Histogram>[]> {
    const { metrics } = await this.collect();
    return metrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) =>
          dataPoints as DataPoint<number | Histogram>[]
        )
    );
  }

  /** The values of one metric by one attribute; of a histogram, how many. */
  async values(name: string, by: string): Promise<Record<string, number>> {
    const values: Record<string, number> = {};
    for (const { attributes, value } of await this.points(name)) {
      const key = String(attributes[by]);
      const count = typeof value === "number" ? value : value.count;
      values[key] = (values[key] ?? 0) + count;
    }
    return values;
  }
}
