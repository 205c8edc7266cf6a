import type { NatsLog } from "./nats_log.ts";

/**
 * The subjects of a stream that have messages, as its leader has them, from the
 * index that it keeps in memory. It sends 100,000 at most at once, sorted, so
 * one that is new meanwhile moves others behind, and hides none.
 *
 * @param filter The subjects, with a wildcard.
 */
export async function readSubjects(
  log: NatsLog,
  stream: string,
  filter: string,
): Promise<string[]> {
  const subjects: string[] = [];
  for (;;) {
    const { state, total } = await log.read((ms) =>
      log.jetStream.ask(`STREAM.INFO.${stream}`, {
        subjects_filter: filter,
        offset: subjects.length,
      }, ms)
    );
    const some = Object.keys(state.subjects ?? {});
    subjects.push(...some);
    if (some.length === 0 || subjects.length >= total) return subjects;
  }
}
