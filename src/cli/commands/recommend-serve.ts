import { once } from 'node:events';
import type { Command } from 'commander';
import { Recommender } from '../../recommender/recommender.js';
import { count } from '../../runs/format.js';
import { watchInterrupts } from '../interrupt.js';
import { integer } from '../options.js';
import { Output } from '../output.js';

interface ServeOptions {
  host: string;
  port: number;
  allowHost?: string[];
  bodyLimit: number;
  memory: number;
  json?: true;
}

const mebi = 2 ** 20;

async function serve(path: string, { host, port, allowHost = [], bodyLimit, memory, json }: ServeOptions): Promise<void> {
  const output = new Output(json === true);
  const rec = await Recommender.load(path);
  rec.scoreMemory = Math.floor((memory * mebi) / 2);
  // Loaded here: no other command needs what it is made of.
  const { serveRecommender } = await import('../recommend/server.js');
  const server = await serveRecommender(rec, { host, port, allowHosts: allowHost, bodyLimit, memory: (memory * mebi) / 2 });
  const watch = watchInterrupts();
  const { model, users, items } = rec.toJSON();
  output.line(`serving '${model}' of ${count(users)} users and ${count(items)} items on ${server.url} (Ctrl-C ends it)`);
  output.line(
    `try ${server.url}/recommend?user=${encodeURIComponent(String(rec.users()[0] ?? ''))}; ${server.url}/openapi.json says what there is`,
  );
  output.record({ event: 'listening', url: server.url, port: server.port, model, users, items });
  if (!watch.signal.aborted) await once(watch.signal, 'abort');
  await server.close();
  watch.end();
  output.line('ended');
  output.record({ event: 'ended' });
}

export function registerRecommendServe(parent: Command): void {
  parent
    .command('serve')
    .description('answer requests over HTTP: recommend, similar, predict, health')
    .argument('<model>', 'a recommender, from `boltzkit recommend train`')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <n>', 'where to listen; 0: any port that is free', integer(0, 65535), 8080)
    .option(
      '--allow-host <name>',
      'a further name of this server in Host headers; repeat it for several',
      (name: string, before: string[] = []) => [...before, name],
    )
    .option('--body-limit <bytes>', 'the largest body of a request', integer(1), mebi)
    .option('--memory <MiB>', 'for scores and answers that are asked for again', integer(0, 1_000_000), 256)
    .option('--json', 'JSON lines on stdout')
    .action(serve);
}
