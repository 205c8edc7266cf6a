import { createCommands } from "../../core/commands.ts";
import type { StoreEvent } from "../../core/event.ts";
import type { DomainHandlerOpts } from "../../core/handler_options.ts";
import type { Case } from "../case.ts";
import { expectSame } from "../expect.ts";
import type { Subject, TestEvent } from "../subject.ts";
import { accountHistory, createAccounts } from "../upcasting.ts";

const today = [
  "1/0 Opened Ada",
  "1/1 Moved 500",
  "3 Moved 200",
  "4 Moved -50",
];

/** Old events are what they are today wherever they are read. */
export const upcastingCases: readonly Case[] = [
  {
    name: "upcasting: every read has today's events, and the log what it had",
    guarantee: 4,
    async run(subject) {
      const accounts = createAccounts(subject);
      const { stream } = accounts;
      const id = subject.unique("id");
      const { domain, createHandler, readEvents } = accounts.open();
      await store(subject, stream, id);
      const expected = { owner: "Ada", cents: 650, moves: 3, version: 5 };
      const loaded = await domain.account.getAggregate(id);
      expectSame(loaded, { ...expected, aggregateId: id }, "the aggregate");
      for (const options of [{}, { concurrency: 3 }]) {
        const bookmark = subject.unique("bookmark");
        const handler = createHandler(bookmark, [stream], options);
        const seen: string[] = [];
        handler.handleStream(stream, {
          Opened: (_id, event, meta) =>
            void seen.push(show({ ...meta, event })),
          Moved: (_id, event, meta) => void seen.push(show({ ...meta, event })),
        });
        expectSame(await handler.runOnce(), 5, "the number of events seen");
        expectSame(seen, today, "what the callbacks were given");
        await handler.handled(stream, id, 5, { timeout: subject.patience });
        expectSame(await handler.runOnce(), 0, "what is left to handle");
      }
      const read: string[] = [];
      for await (const one of readEvents([stream])) read.push(show(one));
      expectSame(read, today, "what readEvents gave");
      const { move } = createCommands(domain.account, {
        move: ({ cents }: { cents: number }) => ({ type: "Moved", cents }),
      });
      const moved = await move(id, { cents: 1 });
      expectSame([moved.cents, moved.version], [651, 6], "cents and version");
      await subject.expectStored(stream, id, [
        ...accountHistory as TestEvent[],
        { type: "Moved", cents: 1 },
      ]);
    },
  },
  {
    name: "upcasting: of an event that is several today all parts are one step",
    guarantee: 5,
    needs: ["transact", "records", "compareAndSet"],
    async run(subject) {
      const accounts = createAccounts(subject);
      const { stream } = accounts;
      const id = subject.unique("id");
      const bookmark = subject.unique("bookmark");
      await store(subject, stream, id);
      const book = subject.unique("book");
      let broken = true;
      const open = (options: DomainHandlerOpts) => {
        const { createHandler } = accounts.open();
        const handler = createHandler(bookmark, [stream], {
          ...options,
          transactional: true,
          onFailure: "park",
          retry: { times: 0 },
        });
        const write = async (text: string, tx: unknown) => {
          const before = await subject.load(book, id, tx);
          const version = before.length + 1;
          await subject.append(book, id, version, [{ type: "Written", text }], {
            tx,
          });
        };
        handler.handle(stream, "Opened", async (_id, { owner }, _meta, tx) => {
          await write(owner, tx);
        });
        handler.handle(
          stream,
          "Moved",
          async (_id, { cents }, { part }, tx) => {
            if (broken && part === 1) throw new Error("The second part fails");
            await write(String(cents), tx);
          },
        );
        return handler;
      };
      const written = async () =>
        (await subject.load(book, id)).map(({ event }) => event.text);
      const handler = open({});
      await handler.runOnce();
      expectSame(await written(), [], "what was written while it is parked");
      const [parked] = await handler.parked();
      expectSame(
        [parked?.version, parked?.lastVersion],
        [1, 4],
        "the first and the last version that is parked",
      );
      broken = false;
      const replayed = await open({}).replay({ aggregateId: id });
      expectSame(replayed, 3, "the number of stored events that were replayed");
      expectSame(
        await written(),
        ["Ada", "500", "200", "-50"],
        "what was written in the end",
      );
      expectSame(await handler.runOnce(), 0, "what is left to handle");
    },
  },
  {
    name: "upcasting: a snapshot of other upcasters is not used",
    guarantee: 2,
    needs: ["records"],
    async run(subject) {
      const accounts = createAccounts(subject);
      const { stream } = accounts;
      const id = subject.unique("id");
      await store(subject, stream, id);
      const snapshot = { version: "1", every: 5, check: 1 };
      const { account } = accounts.open({ snapshot }).domain;
      const { move } = createCommands(account, {
        move: ({ cents }: { cents: number }) => ({ type: "Moved", cents }),
      });
      await move(id, { cents: 1 });
      await account.snapshots!.settled();
      for (const [rate, cents] of [[100, 651], [200, 1351]] as const) {
        const { domain } = accounts.open({ snapshot, rate });
        const loaded = await domain.account.getAggregate(id);
        expectSame(loaded.cents, cents, `the cents where a euro is ${rate}`);
        await domain.account.snapshots!.settled();
      }
    },
  },
];

async function store(subject: Subject, stream: string, id: string) {
  await subject.append(stream, id, 1, accountHistory as TestEvent[]);
  await subject.log(stream, accountHistory.length);
}

function show({ version, part, event }: StoreEvent<any>): string {
  const at = part === undefined ? version : `${version}/${part}`;
  return `${at} ${event.type} ${event.owner ?? event.cents}`;
}
