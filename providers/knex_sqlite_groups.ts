import { StoreError } from "../core/errors.ts";
import { tellAppendGroup } from "./append_groups.ts";
import type { SingleWriter } from "./single_writer.ts";
import { ownErrorOf } from "./sql/append_group.ts";
import { type Coalescable, Coalescer, type Outcome } from "./sql/coalescer.ts";
import type { Answer } from "./sql/sqlite_session.ts";
import { isVerdict } from "./verdict.ts";

type Work<Session, T> = (session: Session) => Answer<T>;

/** Runs work in a transaction and commits it, or undoes all of it. */
type Commit<Session> = <T>(what: string, work: Work<Session, T>) => Promise<T>;

type Write<Session> = Coalescable & {
  what: string;
  work: Work<Session, any>;
};

/**
 * Writes that arrive together are committed together: the commit waits for the
 * disk, and that is what a write costs. They share nothing else.
 */
export class WriteGroups<Session> {
  #writer: SingleWriter;
  #commit: Commit<Session>;
  #count = 0;
  #coalescer: Coalescer<Write<Session>, any>;

  /**
   * @param writer Whose turn it is to write.
   * @param commit Commits, in that turn.
   */
  constructor(writer: SingleWriter, commit: Commit<Session>) {
    this.#writer = writer;
    this.#commit = commit;
    this.#coalescer = new Coalescer<Write<Session>, any>({
      alone: (write) => this.#alone(write),
      together: (writes) => this.#together(writes),
      overtaken: () => undefined,
    });
  }

  /**
   * Runs a write, by itself or with others.
   *
   * @param work It may run more than once, and throws a `VersionError` or a
   * `DuplicateCommandError` only while it has written nothing.
   * @throws {StoreError} `TRANSACTION_JOINED` inside a transaction of the writer.
   */
  async write<T>(what: string, work: Work<Session, T>): Promise<T> {
    this.#writer.checkOutside(what);
    // Two may be of the same aggregate: the second sees what the first wrote.
    const key = String(this.#count++);
    return await this.#coalescer.run(
      { what, work, key, size: 1, characters: 0 },
    );
  }

  #alone({ what, work }: Write<Session>): Promise<any> {
    return this.#writer.write(what, async () => {
      const result = await this.#commit(what, work);
      if (what === "append") tellAppendGroup("sqlite", 1);
      return result;
    });
  }

  async #together(writes: Write<Session>[]): Promise<Outcome<any>[]> {
    const [{ what }] = writes as [Write<Session>];
    try {
      return await this.#writer.write(what, () => this.#commitGroup(writes));
    } catch (error) {
      // What the library refuses, it refuses to all of them.
      if (error instanceof StoreError) {
        return writes.map(() => ({ reason: ownErrorOf(error, error, {}) }));
      }
      // Whose fault it was shows when each is run by itself.
      return writes.map((write) => ({ run: () => this.#alone(write) }));
    }
  }

  async #commitGroup(writes: Write<Session>[]): Promise<Outcome<any>[]> {
    const outcomes = await this.#commit(writes[0]!.what, async (session) => {
      const outcomes: Outcome<any>[] = [];
      for (const { work } of writes) {
        try {
          outcomes.push({ value: await work(session) });
        } catch (reason) {
          if (!isVerdict(reason)) throw reason;
          outcomes.push({ reason });
        }
      }
      return outcomes;
    });
    const appends = writes.filter(({ what }) => what === "append").length;
    tellAppendGroup("sqlite", appends);
    return outcomes;
  }
}
