import type { Event } from "../core/event.ts";
import type { ErrorCallback, Provider } from "../core/provider.ts";
import type { NatsConnection, NatsHeaders } from "./nats_connection.ts";

/** Options of {@linkcode createProvider}. */
export type Options<E extends Event = any> = {
  /** The application's own connection. It stays the application's to close. */
  connection: NatsConnection;
  /** The function `headers` of the package that `connect` is from. */
  headers: () => NatsHeaders;
  /**
   * The name of the JetStream stream, of the first part of its subjects and of
   * the key-value bucket beside it, as given to `migrate`.
   *
   * @default {"evtstore"}
   */
  name?: string;
  /** The most events that a read returns. @default {1000} */
  limit?: number;
  /**
   * How long an operation is tried again while no server answers for the
   * stream, in milliseconds: longer than a cluster takes to elect a leader.
   *
   * @default {15000}
   */
  timeoutMs?: number;
  /** Called with every failure that has no caller; a warning unless given. */
  onError?: ErrorCallback;
  /** Only its type counts: what events there are. */
  readonly __event?: E;
};

/** What {@linkcode createProvider} returns. JetStream has no transactions. */
export type NatsProvider<E extends Event> =
  & Provider<E, never>
  & Required<
    Pick<
      Provider<E, never>,
      "watch" | "records" | "findCommand" | "horizon" | "catalog"
    >
  >;
