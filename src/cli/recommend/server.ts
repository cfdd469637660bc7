import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Recommender } from '../../recommender/recommender.js';
import { CliError } from '../failures.js';
import { recommendApp } from './app.js';

/** Where a server listens and whom it answers. */
export interface ServeOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Further names of this server in Host headers, with or without a port. */
  readonly allowHosts: readonly string[];
  readonly bodyLimit: number;
  /** Bytes for answers to what was asked before. */
  readonly memory: number;
}

/** A server that listens. */
export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Takes no more requests, answers those under way, and resolves when all connections are closed. */
  close(): Promise<void>;
}

/** How long requests under way may take once the server is to end, in milliseconds. */
const patience = 5_000;

/** Starts to serve a recommender. */
export async function serveRecommender(rec: Recommender, { host, port, allowHosts, bodyLimit, memory }: ServeOptions): Promise<Listening> {
  const names = new Set<string>();
  const app = recommendApp(rec, { isHost: (name) => names.has(name.toLowerCase()), bodyLimit, memory });
  const listener = getRequestListener(app.fetch);
  const server = createServer((request, response) => void listener(request, response));
  await listen(server, host, port);
  const { port: used } = server.address() as AddressInfo;
  for (const name of namesOf(host, used, allowHosts)) names.add(name.toLowerCase());
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => server.closeAllConnections(), patience);
      server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      server.closeIdleConnections();
    });
  return { port: used, url: `http://${bracketed(host)}:${used}`, close };
}

/** What a Host header may say. Port 80 may be left out. */
export function namesOf(host: string, port: number, allowHosts: readonly string[]): string[] {
  const own = ['localhost', '127.0.0.1', '[::1]', bracketed(host)];
  const hosts = allowHosts.flatMap((name) => (/:\d+$/.test(name) ? [name] : [name, `${name}:${port}`]));
  return [...own.map((name) => `${name}:${port}`), ...(port === 80 ? own : []), ...hosts];
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const hint = cause.code === 'EADDRINUSE' ? { hint: 'choose another --port; 0 takes any that is free' } : {};
      reject(
        new CliError(`cannot listen on ${bracketed(host)}:${port}: ${cause.message}`, { code: cause.code ?? 'ERR_SYSTEM', cause, ...hint }),
      );
    });
    server.listen(port, host, resolve);
  });
}
