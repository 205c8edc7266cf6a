import type { Clock } from "../../core/clock.ts";
import { Gate } from "./gate.ts";
import type { Random } from "./random.ts";
import type { Scheduler, Task } from "./scheduler.ts";

/** Midnight of a day in 2026, so that wall clocks do not begin at zero. */
const EPOCH = 1_767_225_600_000;

type State = "running" | "paused" | "dead";

/**
 * One life of a process, from its start until it exits or is killed. Nothing
 * reaches its code but through `receive`: while it is paused that waits, and
 * once it is dead it never comes, so that its promises stay open for ever.
 */
export class Machine {
  /** The process and which of its lives, such as "p2.5". */
  readonly name: string;
  /** The clock that its code sees. */
  readonly clock: Clock & { now(): number };
  /** The timers that its code has set and that have not ended. */
  readonly timers: Set<Task> = new Set();
  /** Closed while nothing goes between it and the database. */
  readonly gate: Gate = new Gate();
  /** Requests without an answer, and callbacks in hand. */
  waiting = 0;
  #scheduler: Scheduler;
  #random: Random;
  #state: State = "running";
  #inbox: (() => void)[] = [];
  #startedAt: number;
  #speed: number;
  #suspended = 0;
  #pausedAt = 0;
  #clockStops = false;
  #wallOffset = 0;

  constructor(scheduler: Scheduler, random: Random, name: string) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#startedAt = scheduler.now;
    // Quartz is off by 0.01 %, a virtual machine's clock can be by more.
    this.#speed = 1 + (random.next() - 0.5) / 500;
    const offset = random.whole(0, 1_000_000);
    this.#wallOffset = random.whole(-2000, 2000);
    this.clock = {
      monotonic: () => offset + this.#running(),
      now: () => Math.round(EPOCH + scheduler.now + this.#wallOffset),
      random: () => random.next(),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get alive(): boolean {
    return this.#state !== "dead";
  }

  get paused(): boolean {
    return this.#state === "paused";
  }

  /** Something comes from outside: an answer, a timer, a signal. */
  receive(run: () => void): void {
    if (this.#state === "running") run();
    else if (this.#state === "paused") this.#inbox.push(run);
  }

  /** Work that takes a time, as a callback of an application does. */
  work(ms: number, what: string): Promise<void> {
    this.waiting++;
    return new Promise((resolve) => {
      this.#scheduler.in(ms, `${this.name} ${what}`, () =>
        this.receive(() => {
          this.waiting--;
          resolve();
        }));
    });
  }

  /**
   * Stands still while time goes on.
   *
   * @param clockStops Whether the monotonic clock stands still too, as it does
   * where the whole machine is suspended.
   */
  pause(clockStops: boolean): void {
    if (this.#state !== "running") return;
    this.#state = "paused";
    this.#pausedAt = this.#scheduler.now;
    this.#clockStops = clockStops;
  }

  /** Goes on, and finds everything at once that came meanwhile. */
  resume(): void {
    if (this.#state !== "paused") return;
    if (this.#clockStops) {
      this.#suspended += this.#scheduler.now - this.#pausedAt;
    }
    this.#state = "running";
    const inbox = this.#random.shuffle(this.#inbox);
    this.#inbox = [];
    inbox.forEach((run, index) => {
      this.#scheduler.in(
        this.#random.next() * 0.01,
        `${this.name} finds ${index + 1} of ${inbox.length}`,
        () => this.receive(run),
      );
    });
  }

  /** Is gone, between one instruction and the next. */
  kill(): void {
    this.#state = "dead";
    this.#inbox = [];
    for (const timer of this.timers) timer.run = undefined;
    this.timers.clear();
  }

  /** Somebody sets the time of day. */
  setWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  #running(): number {
    const { now } = this.#scheduler;
    return (now - this.#startedAt - this.#suspended) * this.#speed;
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const until = this.#running() + ms;
      let timer: Task;
      const finish = () => {
        timer.run = undefined;
        this.timers.delete(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const set = () => {
        // A timer is never early, and late by as much as the process is busy.
        const left = (until - this.#running()) / this.#speed;
        const late = this.#random.next();
        timer = this.#scheduler.in(left + late, `${this.name} wakes`, () => {
          this.receive(() => {
            if (!this.timers.delete(timer)) return;
            if (this.#running() >= until) finish();
            else set();
          });
        });
        this.timers.add(timer);
      };
      set();
      signal?.addEventListener("abort", finish, { once: true });
    });
  }
}
