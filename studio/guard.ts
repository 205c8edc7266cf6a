import { RequestError } from "./request_error.ts";

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];
const LEAST_TOKEN = 16;

/** Who may ask a studio. */
export type GuardOptions = {
  /** What everybody who asks has to know. */
  token: string;
  /** The hosts with their ports under which it may be asked. */
  hosts?: readonly string[] | undefined;
};

/**
 * Lets in who knows the token, and comes by one of the studio's own addresses:
 * a page of somebody else in the same browser does neither.
 */
export class Guard {
  #token: string;
  #hosts: ReadonlySet<string> | undefined;

  /**
   * @param options Who may ask.
   * @throws {TypeError} For a token that could be guessed.
   */
  constructor({ token, hosts }: GuardOptions) {
    if (token.length < LEAST_TOKEN || !/^[\w-]+$/.test(token)) {
      throw new TypeError(
        `Expected token to be at least ${LEAST_TOKEN} letters, digits, "-" or "_"; take one from crypto.randomUUID()`,
      );
    }
    this.#token = token;
    this.#hosts = hosts && new Set(hosts);
  }

  /**
   * Refuses a request that comes by a foreign name, or from a foreign page.
   *
   * @throws {RequestError} 403
   */
  checkOrigin(request: Request): void {
    const { host } = new URL(request.url);
    const named = request.headers.get("host") ?? host;
    if (!this.#isOwn(host) || !this.#isOwn(named)) {
      throw forbidden(
        "Not by this name: open the address that was printed at start",
      );
    }
    const origin = request.headers.get("origin");
    if (origin !== null && !isOrigin(origin, named)) {
      throw forbidden("Not from the page of somebody else");
    }
    const site = request.headers.get("sec-fetch-site");
    const isNavigation = request.headers.get("sec-fetch-mode") === "navigate";
    if (!isNavigation && (site === "cross-site" || site === "same-site")) {
      throw forbidden("Not from the page of somebody else");
    }
  }

  /**
   * Refuses who does not know the token.
   *
   * @throws {RequestError} 401
   */
  async checkToken(request: Request): Promise<void> {
    const { headers } = request;
    const bearer = /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "");
    const given = bearer?.[1] ?? this.#cookieOf(request);
    if (given !== undefined && await this.#isToken(given)) return;
    throw new RequestError(
      401,
      "UNAUTHORIZED",
      "Open the address that was printed at start: it has the token",
    );
  }

  /**
   * The cookie that lets in who has opened the printed address; undefined for
   * any other one.
   */
  async enter(request: Request): Promise<string | undefined> {
    const url = new URL(request.url);
    const given = url.searchParams.get("token");
    if (given === null || !await this.#isToken(given)) return undefined;
    return `${
      cookieName(url)
    }=${this.#token}; Path=/; HttpOnly; SameSite=Strict`;
  }

  #cookieOf(request: Request): string | undefined {
    const name = cookieName(new URL(request.url));
    for (const one of (request.headers.get("cookie") ?? "").split(";")) {
      const [key, value] = one.trim().split("=", 2);
      if (key === name) return value;
    }
    return undefined;
  }

  #isOwn(host: string): boolean {
    return this.#hosts
      ? this.#hosts.has(host)
      : loopbackNames.includes(host.replace(/:\d+$/, ""));
  }

  /** In a time that tells nothing: what is compared are digests. */
  async #isToken(given: string): Promise<boolean> {
    const [one, other] = await Promise.all([given, this.#token].map(digest));
    let difference = 0;
    one!.forEach((byte, index) => difference |= byte ^ other![index]!);
    return difference === 0;
  }
}

/** Cookies are not told apart by port, so two studios would share one. */
function cookieName({ port }: URL): string {
  return `evtstore-studio-${port || "0"}`;
}

function isOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

function forbidden(message: string): RequestError {
  return new RequestError(403, "FORBIDDEN", message);
}

async function digest(text: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
