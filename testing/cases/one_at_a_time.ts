import type { Provider } from "../../core/provider.ts";
import type { Case } from "../case.ts";
import { expect, expectSame } from "../expect.ts";
import { numbered, upTo } from "../numbered.ts";
import { record, type Recorder } from "../recorder.ts";
import type { Subject } from "../subject.ts";
import { eventually, sleep } from "../time.ts";

/** How long a handler of a dead process may stay without a successor. */
const TAKE_OVER_MS = 10_000;

/** Of several processes that start a handler one works at a time. */
export const oneAtATimeCases: readonly Case[] = [
  {
    name: "one at a time: of two processes that start a handler one works",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const { append, first, second } = await startTwo(subject);
      for (let number = 1; number < 12; number++) {
        await append(number);
        await handled(subject, first, number + 1);
      }
      expectSame(first.numbers, upTo(12), "the events of the first");
      expectSame(second.numbers, [], "the events of the one that stands by");
      const status = await second.handler.status();
      expectSame(status.state, "standby", "what the other says it does");
      expectSame(status.owner?.self, false, "whether it says that it owns it");
    },
  },
  {
    name: "one at a time: after a stop another goes on, and repeats nothing",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const { append, first, second } = await startTwo(subject);
      await append(1);
      await handled(subject, first, 2);
      await first.handler.stop();
      await append(2);
      await handled(subject, second, 1);
      expectSame(first.numbers, [0, 1], "the events of the first");
      expectSame(second.numbers, [2], "the events of the one that took over");
    },
  },
  {
    name: "one at a time: after a crash another takes over within 10 seconds",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const crashing = crashable(subject.provider);
      subject.cleanUp(crashing.end);
      const { append, first, second } = await startTwo(
        subject,
        crashing.provider,
      );
      await append(1);
      await handled(subject, first, 2);
      crashing.crash();
      await append(2);
      // Patience is shorter than that where the suite itself is tested.
      const patience = Math.min(TAKE_OVER_MS, subject.patience * 2);
      await handled(subject, second, 1, patience);
      expectSame(first.numbers, [0, 1], "the events of the one that crashed");
      // The bookmark of its last page may not have been stored any more.
      expect(
        second.numbers.join() === "2" || second.numbers.join() === "1,2",
        `Expected the successor to go on with event 2 within ${TAKE_OVER_MS} ms: it handled ${
          second.numbers.join() || "nothing"
        }`,
      );
    },
  },
  {
    name: "one at a time: with exclusive: false each that is started works",
    needs: ["records"],
    async run(subject) {
      const { append, handlerOn } = prepare(subject);
      const first = handlerOn(subject.provider, false);
      const second = handlerOn(await subject.another(), false);
      first.handler.start();
      await append(0);
      await handled(subject, first, 1);
      await first.handler.stop();
      second.handler.start();
      first.handler.start();
      await append(1);
      const count = () => first.numbers.length + second.numbers.length;
      await eventually(count, (seen) => seen >= 2, subject.patience);
      await sleep(20);
      // Which one, or both, is chance; nothing is skipped.
      expect(
        [...first.numbers, ...second.numbers].includes(1),
        "Expected one of two handlers that work beside each other to handle it",
      );
      const { owner } = await first.handler.status();
      expectSame(owner, undefined, "who owns the bookmark");
    },
  },
];

function prepare(subject: Subject) {
  const [stream, bookmark] = [subject.unique("stream"), subject.unique("b")];
  const id = subject.unique("id");
  return {
    append: (number: number) =>
      subject.append(stream, id, number + 1, [numbered(number + 1)[number]!]),
    handlerOn: (provider: Provider<any>, exclusive?: boolean) =>
      record(subject, {
        streams: stream,
        bookmark,
        provider,
        ...exclusive !== undefined && { exclusive },
      }),
  };
}

/** Starts one handler, which handles event 0, and then another of its bookmark. */
async function startTwo(subject: Subject, provider = subject.provider) {
  const { append, handlerOn } = prepare(subject);
  const first = handlerOn(provider);
  const second = handlerOn(await subject.another());
  first.handler.start();
  await append(0);
  await handled(subject, first, 1);
  second.handler.start();
  return { append, first, second };
}

function handled(
  subject: Subject,
  { numbers }: Recorder,
  count: number,
  patience = subject.patience,
): Promise<number> {
  return eventually(() => numbers.length, (seen) => seen >= count, patience);
}

/** The same provider in a process that can end without a word. */
function crashable(provider: Provider<any>) {
  let crashed = false;
  // Only when the case is over does what the dead process asked for fail.
  let end = (_reason: Error) => {};
  const over = new Promise<never>((_, reject) => end = reject);
  over.catch(() => {});
  const guard = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, key) {
        const member = Reflect.get(target, key);
        if (key === "records" && member) return guard(member);
        if (typeof member !== "function" || key === "onError") return member;
        return (...args: unknown[]) => {
          if (crashed) return over;
          const answer = member.apply(target, args);
          // What was under way is answered to nobody.
          return answer instanceof Promise
            ? answer.finally(() => crashed ? over : undefined)
            : answer;
        };
      },
    });
  return {
    provider: guard(provider),
    crash: () => void (crashed = true),
    end: () => end(new Error("The process of this handler has crashed")),
  };
}
