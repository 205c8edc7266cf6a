/** What is needed of the headers of NATS's client. */
export type NatsHeaders = {
  /** The status of the server's answer; 0 for a message. */
  readonly code: number;
  get(name: string): string;
  set(name: string, value: string): void;
};

/** What is needed of a message of NATS's client. */
export type NatsMessage = {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: NatsHeaders | undefined;
  string(): string;
};

/**
 * What is needed of the connection that `connect` of
 * `@nats-io/transport-node` gives, so that every transport of NATS's client
 * fits.
 */
export type NatsConnection = {
  /** What the server says of itself. */
  readonly info?: { version: string; max_payload: number } | undefined;
  request(subject: string, payload?: string, options?: any): Promise<any>;
  requestMany(
    subject: string,
    payload?: string,
    options?: any,
  ): Promise<AsyncIterable<any>>;
  subscribe(subject: string, options?: any): { unsubscribe(): void };
  status(): AsyncIterable<{ type: string }>;
  isClosed(): boolean;
};
