/**
 * Runs work that may refuse itself: a transaction in it is rolled back then,
 * as by any error.
 *
 * @returns What came of it, or nothing if it has refused itself.
 */
export async function unlessRefused<T>(
  work: (refuse: () => never) => Promise<T>,
): Promise<{ value: T } | undefined> {
  const refused = new Error("Nothing of this transaction is stored");
  try {
    const value = await work(() => {
      throw refused;
    });
    return { value };
  } catch (error) {
    if (error === refused) return undefined;
    throw error;
  }
}
