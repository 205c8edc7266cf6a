import { ParkedEvents } from "./parked_events.ts";
import type { Provider } from "./provider.ts";
import { bookmarkOf, type NumberedHandler } from "./version_names.ts";
import { VersionRecord } from "./version_record.ts";

/** What is asked of the handler itself, while it is the live one. */
type Own = {
  position(): Promise<any>;
  isParked(
    stream: string,
    aggregateId: string,
    version: number,
  ): Promise<boolean>;
  /** Which version that has shown to be live, for one without a number. */
  live(): number;
};

/** Where the live version of a handler stands, whichever that is. */
export class LivePlace {
  #provider: Provider<any>;
  #handler: NumberedHandler;
  #own: Own;
  /** Taken for the live one until it takes long, by one without a number. */
  #live = 1;

  /** @param handler The one that is asked. */
  constructor(provider: Provider<any>, handler: NumberedHandler, own: Own) {
    this.#provider = provider;
    this.#handler = handler;
    this.#own = own;
  }

  /** Where it stands. */
  async position(): Promise<any> {
    const { version } = this.#handler;
    if (this.#live !== version) await this.look();
    return this.#live === version
      ? await this.#own.position()
      : await this.#provider.getPosition(this.#bookmark());
  }

  /**
   * Whether it has parked an event, or one before it.
   *
   * @returns Undefined if another version is live by now: the bookmark of the
   * one before was moved out of its reach, and says nothing any more.
   */
  async isParked(
    stream: string,
    aggregateId: string,
    version: number,
  ): Promise<boolean | undefined> {
    const before = this.#live;
    const isParked = before === this.#handler.version
      ? await this.#own.isParked(stream, aggregateId, version)
      : await this.#isParkedThere(stream, aggregateId, version);
    if (before > 1 || this.#handler.version > 1) await this.look();
    else this.#live = this.#own.live();
    return before === this.#live ? isParked : undefined;
  }

  async #isParkedThere(
    stream: string,
    aggregateId: string,
    version: number,
  ): Promise<boolean> {
    const parked = new ParkedEvents(this.#provider.records!, this.#bookmark());
    const found = await parked.find(stream, aggregateId);
    return found !== undefined && version >= found.value.version;
  }

  /** Reads which one is live. */
  async look(): Promise<void> {
    const { records } = this.#provider;
    if (!records) return;
    const record = new VersionRecord(records, this.#handler.name);
    this.#live = (await record.read()).value.live;
  }

  #bookmark(): string {
    return bookmarkOf(this.#handler.name, this.#live);
  }
}
