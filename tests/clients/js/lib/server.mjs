// The testbed as a child process that is stopped and started again on the same port, and a proxy that cuts connections.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createSite } from "node:http";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

export class Server {
  #child;

  constructor(executable) {
    this.executable = executable;
    this.port = 0;
  }

  /** Starts it, and waits until it listens: on the port of the last time, if there was one. */
  async start() {
    const options = { stdio: ["ignore", "pipe", "ignore"] };
    this.#child = spawn(this.executable, ["--port", String(this.port), "--workers", "1"], options);
    for await (const line of createInterface(this.#child.stdout)) {
      const listening = line.match(/^listening on ws:\/\/[^:]*:(\d+)\//);
      if (listening) {
        this.port = Number(listening[1]);
        return this;
      }
    }
    throw new Error("the testbed ended before it listened");
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** Sends a signal, and waits for the end. */
  async stop(signal) {
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }

  async restart(signal) {
    await this.stop(signal);
    await this.start();
  }
}

/** Forwards to a port; `cut()` breaks all connections off without a close frame, as a network does that goes away. */
export async function proxy(port) {
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect(port(), "127.0.0.1");
    for (const [socket, other] of [[client, upstream], [upstream, client]]) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${server.address().port}/ws`,
    cut: () => sockets.forEach((socket) => socket.resetAndDestroy()),
  };
}

/** Serves an empty page at `/`, and hands WebSockets on to a port with the request as it came, so that both have one origin. */
export async function site(port) {
  const server = createSite((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><title>page</title>"));
  server.on("upgrade", (request, client) => {
    const lines = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
    const upstream = connect(port(), "127.0.0.1", () => {
      upstream.write(`GET /ws HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { page: `http://127.0.0.1:${server.address().port}/`, url: `ws://127.0.0.1:${server.address().port}/ws` };
}
