import process from "node:process";
import { Violation } from "./violation.ts";

/** Something that happens at a time, unless it is cancelled before. */
export type Task = {
  readonly at: number;
  readonly order: number;
  readonly label: string;
  run: (() => void) | undefined;
};

const KEPT_LINES = 120;

/**
 * Virtual time, and what happens in it, one step after the other. After each
 * step everything that was waiting only for its turn runs to the end, so that
 * the next step finds the processes standing still.
 */
export class Scheduler {
  /** Milliseconds of virtual time. */
  now = 0;
  /** How many steps were made. */
  steps = 0;
  #tasks: Task[] = [];
  #scheduled = 0;
  #violation: Violation | undefined;
  #fingerprint = 0x811c9dc5;
  #lines: string[] = [];
  #said = 0;
  #print: ((line: string) => void) | undefined;

  /** @param print Receives every line of the trace. */
  constructor(print?: (line: string) => void) {
    this.#print = print;
  }

  /** Two runs with the same fingerprint made the same steps. */
  get fingerprint(): string {
    return (this.#fingerprint >>> 0).toString(16).padStart(8, "0");
  }

  /** The last lines of the trace. */
  get trace(): string[] {
    const start = this.#lines.length < KEPT_LINES ? 0 : this.#said % KEPT_LINES;
    return [...this.#lines.slice(start), ...this.#lines.slice(0, start)];
  }

  /** Plans a step. */
  in(ms: number, label: string, run: () => void): Task {
    const task = {
      at: this.now + Math.max(0, ms),
      order: this.#scheduled++,
      label,
      run,
    };
    this.#push(task);
    return task;
  }

  /** A line of the trace, which is part of the fingerprint. */
  say(line: string): void {
    const text = `${this.now.toFixed(3).padStart(12)}  ${line}`;
    let hash = this.#fingerprint;
    for (let index = 0; index < text.length; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
    this.#fingerprint = hash;
    this.#lines[this.#said++ % KEPT_LINES] = text;
    this.#print?.(text);
  }

  /**
   * Something happened that must not. It is thrown by the step that is being
   * made, because the code that notices it stands in a callback of the library,
   * which would take it for a failure of the application.
   */
  fail(message: string): void {
    this.say(`VIOLATION: ${message}`);
    this.#violation ??= new Violation(message);
  }

  /**
   * Makes the next step.
   *
   * @returns False if there is none.
   */
  async step(): Promise<boolean> {
    const task = this.#next();
    if (!task) return false;
    this.#pop();
    this.now = task.at;
    this.steps++;
    this.say(task.label);
    const { run } = task;
    task.run = undefined;
    run!();
    await settle();
    if (this.#violation) throw this.#violation;
    return true;
  }

  /** Makes steps until something is true, or a time has come. */
  async until(isDone: () => boolean, latest: number): Promise<boolean> {
    while (!isDone()) {
      const next = this.#next();
      if (!next || next.at > latest) return false;
      await this.step();
    }
    return true;
  }

  #next(): Task | undefined {
    while (this.#tasks[0] && !this.#tasks[0].run) this.#pop();
    return this.#tasks[0];
  }

  #push(task: Task): void {
    const tasks = this.#tasks;
    let index = tasks.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (!isBefore(task, tasks[parent]!)) break;
      tasks[index] = tasks[parent]!;
      index = parent;
    }
    tasks[index] = task;
  }

  #pop(): Task | undefined {
    const tasks = this.#tasks;
    const first = tasks[0];
    const last = tasks.pop();
    if (tasks.length === 0 || !last) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= tasks.length) break;
      if (
        child + 1 < tasks.length && isBefore(tasks[child + 1]!, tasks[child]!)
      ) child++;
      if (!isBefore(tasks[child]!, last)) break;
      tasks[index] = tasks[child]!;
      index = child;
    }
    tasks[index] = last;
    return first;
  }
}

function isBefore(left: Task, right: Task): boolean {
  return left.at < right.at ||
    (left.at === right.at && left.order < right.order);
}

/** Lets every promise run that waits for nothing but its turn. */
function settle(): Promise<void> {
  // A tick comes after all microtasks, and sooner than any timer.
  return new Promise((resolve) => process.nextTick(resolve));
}
