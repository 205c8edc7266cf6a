/**
 * Whether two positions of one provider are the same place in the log. Core
 * knows nothing else about positions: a number, a bigint, a text or an object
 * of a driver, such as MongoDB's `Timestamp`.
 */
export function isSamePosition(left: any, right: any): boolean {
  if (Object.is(left, right)) return true;
  if (left == null || right == null) return false;
  if (typeof left.equals === "function") return left.equals(right);
  if (typeof left === "object" && typeof right === "object") {
    return JSON.stringify(left) === JSON.stringify(right);
  }
  // pg gives a bigint column as text, other drivers give it as a number.
  return String(left) === String(right);
}
