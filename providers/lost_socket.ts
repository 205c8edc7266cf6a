/** Codes of a socket that is lost while something waits for an answer. */
export const LOST_SOCKET: readonly string[] = [
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ECONNABORTED",
];
