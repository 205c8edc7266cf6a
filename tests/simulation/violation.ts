/** Something happened that the library promises cannot happen. */
export class Violation extends Error {
  override name = "Violation";
}
