// A load generator over plain sockets with connections that are kept: little of the machine's time is its own. A closed loop sends the
// next request when the answer is there and measures how many come through. An open loop sends by the clock, whatever the server does,
// and counts from the moment when a request was due, so that a server that stalls cannot hide it.
import { connect } from 'node:net';

/** One connection: a request at a time, answered by its body. */
class Connection {
  #socket;
  #pending = null;
  #got = Buffer.alloc(0);

  static open(port) {
    return new Promise((resolve, reject) => {
      const connection = new Connection();
      const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => resolve(connection));
      connection.#socket = socket;
      socket.on('data', (part) => connection.#take(part));
      socket.on('error', (error) => (connection.#pending ? connection.#pending.reject(error) : reject(error)));
      socket.on('close', () => connection.#pending?.reject(new Error('the server closed a connection')));
    });
  }

  send(bytes) {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#socket.write(bytes);
    });
  }

  #take(part) {
    this.#got = this.#got.length === 0 ? part : Buffer.concat([this.#got, part]);
    const end = this.#got.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#got.latin1Slice(0, end);
    const length = /content-length: (\d+)/i.exec(head);
    if (length === null) return this.#pending.reject(new Error(`an answer without a length:\n${head}`));
    const size = end + 4 + Number(length[1]);
    if (this.#got.length < size) return;
    const body = this.#got.subarray(end + 4, size);
    this.#got = this.#got.subarray(size);
    const { resolve } = this.#pending;
    this.#pending = null;
    resolve({ status: Number(head.slice(9, 12)), body });
  }

  close() {
    this.#pending = null;
    this.#socket.destroy();
  }
}

/** The bytes of a request. */
export function requestBytes(port, { path, body }) {
  const host = `Host: 127.0.0.1:${port}\r\n`;
  if (body === undefined) return Buffer.from(`GET ${path} HTTP/1.1\r\n${host}\r\n`);
  const text = Buffer.from(JSON.stringify(body));
  const head = `POST ${path} HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), text]);
}

/** Latencies in milliseconds, sorted, and what was wrong. */
function summary(latencies, seconds, failures) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return {
    requests: sorted.length,
    failures,
    perSecond: sorted.length / seconds,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: sorted.at(-1),
  };
}

/** As many requests as the server answers, each connection one at a time. */
export async function closedLoop(port, next, { seconds, connections }) {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const latencies = [];
  let failures = 0;
  const began = performance.now();
  const until = began + seconds * 1000;
  await Promise.all(
    open.map(async (connection) => {
      while (performance.now() < until) {
        const bytes = next();
        const sent = performance.now();
        const { status } = await connection.send(bytes);
        latencies.push(performance.now() - sent);
        if (status !== 200) failures++;
      }
    }),
  );
  const took = (performance.now() - began) / 1000;
  for (const connection of open) connection.close();
  return summary(latencies, took, failures);
}

/** So many requests per second, due at even times; latency counts from when each was due. */
export async function openLoop(port, next, { seconds, rate, connections }) {
  const idle = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const all = [...idle];
  const latencies = [];
  const waiting = [];
  let failures = 0;
  const total = Math.round(rate * seconds);
  const began = performance.now();
  let [due, done] = [0, 0];
  await new Promise((resolve, reject) => {
    const start = async (connection, dueAt) => {
      try {
        const { status } = await connection.send(next());
        latencies.push(performance.now() - dueAt);
        if (status !== 200) failures++;
      } catch (error) {
        reject(error);
        return;
      }
      done++;
      const late = waiting.shift();
      if (late !== undefined) void start(connection, late);
      else idle.push(connection);
      if (done === total) resolve();
    };
    const tick = () => {
      const now = performance.now() - began;
      while (due < total && (due / rate) * 1000 <= now) {
        const dueAt = began + (due++ / rate) * 1000;
        const connection = idle.pop();
        if (connection === undefined) waiting.push(dueAt);
        else void start(connection, dueAt);
      }
      if (due < total) setImmediate(tick);
    };
    tick();
  });
  const took = (performance.now() - began) / 1000;
  for (const connection of all) connection.close();
  return summary(latencies, took, failures);
}
