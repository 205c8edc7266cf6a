import { clearTimeout, setTimeout } from "node:timers";
import type { NatsConnection, NatsMessage } from "./nats_connection.ts";
import { LostConnection, NotConnected } from "./nats_errors.ts";

/**
 * The application's connection. Its client lets a request wait for its whole
 * time when the connection is lost under it, and never sends one that was made
 * until the connection is back; here such a request ends at once, or begins
 * when there is a connection.
 */
export class NatsLink {
  #connection: NatsConnection;
  /** Of the requests that wait for an answer. */
  #waiting = new Set<(error: Error) => void>();
  #isDown = false;
  #whenUp = new Set<() => void>();

  /** @param connection The application's. */
  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  /** What the server says of itself. */
  get info(): NatsConnection["info"] {
    return this.#connection.info;
  }

  /** Whether the application has closed it. */
  get isClosed(): boolean {
    return this.#connection.isClosed();
  }

  /**
   * Notices when the connection is lost and found again, as long as it is open.
   *
   * @param onReconnect Called when it is back.
   */
  async follow(onReconnect: () => void): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === "disconnect") {
        this.#isDown = true;
        for (const reject of [...this.#waiting]) reject(new LostConnection());
      } else if (type === "reconnect") {
        this.#isUp();
        onReconnect();
      }
    }
    // It is closed, and says so to whoever asks.
    this.#isUp();
  }

  /** Asks for one answer. */
  async request(
    subject: string,
    payload: string,
    options: { timeout: number; headers?: unknown },
  ): Promise<NatsMessage> {
    if (this.#isDown) await this.#untilUp(options.timeout);
    return await this.#untilLost(
      this.#connection.request(subject, payload, options),
    );
  }

  /** Asks for messages, of which the last one is empty. */
  async requestMany(
    subject: string,
    payload: string,
    timeout: number,
  ): Promise<NatsMessage[]> {
    if (this.#isDown) await this.#untilUp(timeout);
    const collect = async () => {
      const answers = await this.#connection.requestMany(subject, payload, {
        strategy: "sentinel",
        maxWait: timeout,
      });
      const messages: NatsMessage[] = [];
      for await (const message of answers) messages.push(message);
      return messages;
    };
    return await this.#untilLost(collect());
  }

  #isUp(): void {
    this.#isDown = false;
    for (const resolve of [...this.#whenUp]) resolve();
  }

  #untilUp(timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => () => {
        clearTimeout(timer);
        this.#whenUp.delete(up);
        settle();
      };
      const up = end(resolve);
      const timer = setTimeout(end(() => reject(new NotConnected())), timeout);
      this.#whenUp.add(up);
    });
  }

  async #untilLost<T>(work: Promise<T>): Promise<T> {
    let rejectLost: (error: Error) => void = () => {};
    const lost = new Promise<never>((_, reject) => rejectLost = reject);
    this.#waiting.add(rejectLost);
    // Nobody waits for it any more when the connection is lost.
    work.catch(() => {});
    try {
      return await Promise.race([work, lost]);
    } finally {
      this.#waiting.delete(rejectLost);
    }
  }
}
