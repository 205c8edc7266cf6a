/**
 * What of a `Tracer` of `@opentelemetry/api` is used. Written out, so that who
 * compiles an application without that package can compile this one.
 */
export type Tracer = {
  /** Begins a span. */
  startSpan(name: string, options?: any, context?: any): any;
};

/** What of a `Meter` of `@opentelemetry/api` is used. */
export type Meter = {
  /** Makes a histogram. */
  createHistogram(name: string, options?: any): any;
  /** Makes a counter. */
  createCounter(name: string, options?: any): any;
  /** Makes a gauge that is read when metrics are collected. */
  createObservableGauge(name: string, options?: any): any;
  /** Registers what reads gauges. */
  addBatchObservableCallback(callback: any, observables: any[]): void;
  /** Ends that. */
  removeBatchObservableCallback(callback: any, observables: any[]): void;
};
