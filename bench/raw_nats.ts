import { headers, type NatsConnection } from "@nats-io/transport-node";
import { byHand, type Contender, fold, STREAM } from "./contender.ts";

const BATCH = 500;
const TIMEOUT = 10_000;

/**
 * What an application would write by hand: one message for each event, on a
 * subject of the aggregate, after the one before it. So several events of a
 * command are stored one by one.
 */
export async function rawNats(
  connection: NatsConnection,
  name: string,
  close: () => Promise<unknown>,
): Promise<Contender> {
  const ask = (request: string, body: unknown) =>
    connection.request(
      `$JS.API.STREAM.${request}.${name}`,
      JSON.stringify(body),
      { timeout: TIMEOUT },
    );
  await ask("CREATE", {
    name,
    subjects: [`${name}.>`],
    storage: "file",
    allow_direct: true,
  });
  const subjectOf = (id: string) =>
    `${name}.${STREAM}.${encodeURIComponent(id)}`;
  /** Where each aggregate that was loaded or appended to ends. */
  const ends = new Map<string, number>();

  const page = async (from: number, subject?: string) => {
    const answers = await connection.requestMany(
      `$JS.API.DIRECT.GET.${name}`,
      JSON.stringify({ seq: from, batch: BATCH, next_by_subj: subject }),
      { strategy: "sentinel", maxWait: TIMEOUT },
    );
    const found: { sequence: number; event: any }[] = [];
    let isOver = true;
    for await (const { data, headers } of answers) {
      if (data.length === 0) {
        isOver = !(Number(headers?.get("Nats-Num-Pending")) > 0);
        break;
      }
      found.push({
        sequence: Number(headers!.get("Nats-Sequence")),
        event: JSON.parse(new TextDecoder().decode(data)),
      });
    }
    return { found, isOver };
  };

  const append = async (id: string, _version: number, events: object[]) => {
    for (const event of events) {
      const options = headers();
      options.set(
        "Nats-Expected-Last-Subject-Sequence",
        String(ends.get(id) ?? 0),
      );
      const answer = await connection.request(
        subjectOf(id),
        JSON.stringify(event),
        { timeout: TIMEOUT, headers: options },
      );
      const { seq, error } = answer.json<any>();
      if (error) throw new Error(error.description);
      ends.set(id, seq);
    }
  };
  const load = async (id: string) => {
    let account = { cents: 0 };
    let version = 0;
    for (let next = 1;;) {
      const { found, isOver } = await page(next, subjectOf(id));
      for (const { event, sequence } of found) {
        account = fold(event, account);
        version++;
        next = sequence + 1;
        ends.set(id, sequence);
      }
      if (isOver) return { account, version };
    }
  };

  return {
    name: "plain client",
    ...byHand(append, load),
    async catchUp() {
      let handled = 0;
      for (let next = 1;;) {
        const { found, isOver } = await page(next);
        handled += found.length;
        next = (found.at(-1)?.sequence ?? next) + 1;
        if (isOver) return handled;
      }
    },
    close,
  };
}
