/** One text for the two names of an aggregate: no name contains NUL. */
export function aggregateKey(stream: string, aggregateId: string): string {
  return `${stream}\0${aggregateId}`;
}
