import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** Which way the bytes go. */
export type Direction = "to the server" | "to the client";

/** Where to cut: the connection over which this many bytes have passed. */
export type Cut = {
  direction: Direction;
  /** How many bytes to let through, over all connections. */
  bytes: number;
};

/** Stands between a driver and its server, on a port of its own. */
export class Proxy {
  /** How many connections were cut. */
  cuts = 0;
  #server: Server;
  #port = 0;
  #target: { host: string; port: number };
  #pairs = new Set<[Socket, Socket]>();
  #cut: Cut | undefined;
  #isRefusing = false;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = this.#listener();
  }

  /**
   * Stands before the server of an address.
   *
   * @returns The proxy, and the address by way of it.
   */
  static async before(
    address: string,
  ): Promise<{ proxy: Proxy; address: string }> {
    const url = new URL(address);
    const { hostname: host, port } = url;
    const proxy = new Proxy({ host, port: Number(port) });
    await proxy.accept();
    url.port = String(proxy.#port);
    // It would go on with the address that the server gives.
    if (url.protocol === "mongodb:") {
      url.searchParams.set("directConnection", "true");
    }
    return { proxy, address: url.href };
  }

  /** Cuts one connection at a byte, once. */
  cutAt(cut: Cut): void {
    this.#cut = cut;
  }

  /** Whether the cut that was asked for is still to come. */
  get isArmed(): boolean {
    return this.#cut !== undefined;
  }

  /** Listens, as it does from the beginning. */
  async accept(): Promise<void> {
    this.#isRefusing = false;
    this.#server = this.#listener();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Cuts all connections, and takes no new ones. */
  async refuse(): Promise<void> {
    this.#isRefusing = true;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const pair of [...this.#pairs]) this.#end(pair);
    await closed;
  }

  #listener(): Server {
    return createServer((client) => this.#join(client));
  }

  #join(client: Socket): void {
    // One may have been on its way.
    if (this.#isRefusing) return void client.destroy();
    const server = connect(this.#target);
    const pair: [Socket, Socket] = [client, server];
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => this.#end(pair));
      socket.on("close", () => this.#end(pair));
    }
    client.on(
      "data",
      (data: Buffer) => this.#pass(data, pair, "to the server"),
    );
    server.on(
      "data",
      (data: Buffer) => this.#pass(data, pair, "to the client"),
    );
  }

  #pass(data: Buffer, pair: [Socket, Socket], direction: Direction): void {
    const receiver = pair[direction === "to the server" ? 1 : 0];
    const cut = this.#cut;
    if (cut?.direction !== direction || data.length <= cut.bytes) {
      if (cut?.direction === direction) cut.bytes -= data.length;
      receiver.write(data);
      return;
    }
    this.#cut = undefined;
    this.cuts++;
    // What comes before the cut is sent must not follow it: a connection that
    // breaks loses its end, and nothing in between.
    for (const socket of pair) socket.removeAllListeners("data");
    const before = data.subarray(0, cut.bytes);
    if (before.length === 0) this.#end(pair);
    else receiver.write(before, () => this.#end(pair));
  }

  #end(pair: [Socket, Socket]): void {
    if (!this.#pairs.delete(pair)) return;
    for (const socket of pair) socket.destroy();
  }
}
