import type { StoreEvent } from "../core/event.ts";
import { describeThrown } from "./answers.ts";
import type { ErrorAnswer, Json } from "./api.ts";
import type { KnownAggregate } from "./domain_module.ts";
import { toJsonValue } from "./json_value.ts";

/** An aggregate that is folded event by event, by the application's own code. */
export class Folding {
  #known: KnownAggregate;
  #state: any;
  #failure: ErrorAnswer["error"] | undefined;

  private constructor(known: KnownAggregate, empty: any) {
    this.#known = known;
    this.#state = empty;
  }

  /** The empty aggregate. */
  static async begin(known: KnownAggregate, id: string): Promise<Folding> {
    return new Folding(known, await known.folded.getAggregate(id));
  }

  /** What the fold has thrown; from then on there is no state. */
  get failure(): ErrorAnswer["error"] | undefined {
    return this.#failure;
  }

  /** What it is now, without what every aggregate has. */
  get state(): Json {
    const { aggregateId: _, version: __, ...own } = this.#state;
    return toJsonValue(own);
  }

  /** Folds the next event. */
  next(stored: StoreEvent<any>): void {
    if (this.#failure) return;
    try {
      this.#state = this.#known.folded.toNextAggregate(this.#state, stored);
    } catch (error) {
      this.#failure = describeThrown(error);
    }
  }
}
