import type { NatsHeaders } from "./nats_connection.ts";
import { ApiError, IncompleteAnswer, isNoMessage } from "./nats_errors.ts";
import type { NatsLink } from "./nats_link.ts";
import { fromBase64 } from "./nats_names.ts";

const API = "$JS.API";

/** The most bytes of messages that one answer brings; one more may be in it. */
const MOST_BYTES = 4 * 1024 * 1024;

const NOT_FOUND = 404;
const TOO_MANY = 413;

const decoder = new TextDecoder();

/** A message of a stream. */
export type Stored = {
  readonly subject: string;
  readonly sequence: number;
  readonly text: string;
  /** Whether it says that a key of a bucket is gone. */
  readonly isRemoval: boolean;
};

/** Some messages of a stream. */
export type Batch = {
  readonly messages: Stored[];
  /** Whether more follow, as the server that answered knows. */
  readonly hasMore: boolean;
  /** The newest message of that server, where the answer says so. */
  readonly upTo: number;
};

/** Stored where the server says. */
export type Acknowledgement = { readonly sequence: number };

/** The few requests to JetStream that are needed, as its protocol has them. */
export class JetStream {
  #link: NatsLink;
  #headers: () => NatsHeaders;

  /**
   * @param link The connection.
   * @param headers Makes headers for it.
   */
  constructor(link: NatsLink, headers: () => NatsHeaders) {
    this.#link = link;
    this.#headers = headers;
  }

  /** Asks JetStream. @throws {ApiError} as it answers. */
  async ask<T = any>(
    request: string,
    body: unknown,
    timeout: number,
  ): Promise<T> {
    const answer = await this.#link.request(
      `${API}.${request}`,
      body === undefined ? "" : JSON.stringify(body),
      { timeout },
    );
    const json = JSON.parse(answer.string());
    if (json.error) throw new ApiError(json.error);
    return json;
  }

  /** The newest message of a subject, as the stream's leader has it. */
  last(
    stream: string,
    subject: string,
    timeout: number,
  ): Promise<Stored | undefined> {
    return this.#get(stream, { last_by_subj: subject }, timeout);
  }

  /** The next message of a subject, as the stream's leader has it. */
  next(
    stream: string,
    subject: string,
    sequence: number,
    timeout: number,
  ): Promise<Stored | undefined> {
    return this.#get(stream, { next_by_subj: subject, seq: sequence }, timeout);
  }

  async #get(
    stream: string,
    which: object,
    timeout: number,
  ): Promise<Stored | undefined> {
    try {
      const { message } = await this.ask(
        `STREAM.MSG.GET.${stream}`,
        which,
        timeout,
      );
      return {
        subject: message.subject,
        sequence: message.seq,
        text: decoder.decode(fromBase64(message.data ?? "")),
        isRemoval: message.hdrs !== undefined &&
          /^KV-Operation: ?(DEL|PURGE)/m.test(atob(message.hdrs)),
      };
    } catch (error) {
      if (isNoMessage(error)) return undefined;
      throw error;
    }
  }

  /**
   * Messages from a place in the stream, of any of its servers: one that is
   * behind the leader has fewer.
   *
   * @param subject Only those of it; all of the stream unless given.
   */
  async batch(
    stream: string,
    sequence: number,
    count: number,
    timeout: number,
    subject?: string,
  ): Promise<Batch> {
    const found = await this.#many(stream, {
      seq: sequence,
      batch: count,
      max_bytes: MOST_BYTES,
      ...subject === undefined ? {} : { next_by_subj: subject },
    }, timeout);
    return found ?? { messages: [], hasMore: false, upTo: 0 };
  }

  /**
   * The newest message of each of many subjects, of any of the servers.
   *
   * @param from Only those from this place in the stream on.
   * @returns Undefined if there are more than the server gives at once.
   */
  lastOfEach(
    stream: string,
    subjects: string[],
    from: number,
    timeout: number,
  ): Promise<Batch | undefined> {
    return this.#many(stream, { multi_last: subjects, seq: from }, timeout);
  }

  async #many(
    stream: string,
    request: object,
    timeout: number,
  ): Promise<Batch | undefined> {
    const answers = await this.#link.requestMany(
      `${API}.DIRECT.GET.${stream}`,
      JSON.stringify(request),
      timeout,
    );
    const messages: Stored[] = [];
    let previous = 0;
    let end: NatsHeaders | undefined;
    for (const { data, headers } of answers) {
      if (data.length === 0 && !headers?.get("Nats-Subject")) {
        end = headers;
        break;
      }
      // Each names the one before it, so that none can be lost on the way.
      if (numberIn(headers, "Nats-Last-Sequence") !== previous) {
        throw new IncompleteAnswer();
      }
      previous = numberIn(headers, "Nats-Sequence");
      messages.push({
        subject: headers!.get("Nats-Subject"),
        sequence: previous,
        text: decoder.decode(data),
        isRemoval: /^(DEL|PURGE)$/.test(headers!.get("KV-Operation")),
      });
    }
    if (end?.code === TOO_MANY) return undefined;
    if (end?.code === NOT_FOUND && messages.length === 0) {
      return { messages, hasMore: false, upTo: 0 };
    }
    if (numberIn(end, "Nats-Last-Sequence") !== previous || !end) {
      throw new IncompleteAnswer();
    }
    return {
      messages,
      hasMore: numberIn(end, "Nats-Num-Pending") > 0,
      upTo: numberIn(end, "Nats-UpTo-Sequence"),
    };
  }

  /**
   * Stores a message, if the newest of its subject is the one expected.
   *
   * @throws {ApiError} as JetStream answers.
   */
  async publish(
    stream: string,
    subject: string,
    text: string,
    headers: { [name: string]: string },
    timeout: number,
  ): Promise<Acknowledgement> {
    const all = this.#headers();
    all.set("Nats-Expected-Stream", stream);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const answer = await this.#link.request(subject, text, {
      timeout,
      headers: all,
    });
    const json = JSON.parse(answer.string());
    if (json.error) throw new ApiError(json.error);
    return { sequence: json.seq };
  }
}

function numberIn(headers: NatsHeaders | undefined, name: string): number {
  return Number(headers?.get(name) || 0);
}
