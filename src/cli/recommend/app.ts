/** The server's router. It trusts nobody: pages of other sites reach a server on this machine too. */
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { BoltzkitError } from '../../errors.js';
import type { Recommender } from '../../recommender/recommender.js';
import { shown } from '../../runs/format.js';
import { AnswerCache } from './answer-cache.js';
import { readBody } from './body.js';
import { openApiOf } from './openapi.js';
import { type Route, routesOf } from './routes.js';
import { issuesText } from './schemas.js';

/** Whom the server answers, how much it reads, and how much it remembers. */
export interface AppOptions {
  /** Whether a Host header names this server; all others are refused (DNS rebinding). */
  readonly isHost: (host: string) => boolean;
  /** The largest body, in bytes. */
  readonly bodyLimit: number;
  /** Bytes for answers to what was asked before. */
  readonly memory: number;
}

type Env = { Bindings: HttpBindings };
type Ask = Context<Env>;
type Status = 400 | 403 | 404 | 413 | 415 | 500;

const headers = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };

/** Makes the router of a recommender. */
export function recommendApp(rec: Recommender, { isHost, bodyLimit, memory }: AppOptions): Hono<Env> {
  const app = new Hono<Env>();
  const cache = new AnswerCache(memory);
  app.use(async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (isHost(host)) return next();
    return failed(c, 403, 'ERR_HOST', `this server is not called ${JSON.stringify(shown(host))}; see --allow-host`);
  });
  const routes = routesOf(rec);
  for (const route of routes) {
    if (route.method === 'post') app.post(route.path, (c) => answerBody(c, rec, route, bodyLimit));
    else app.get(route.path, (c) => answerQuery(c, rec, route, cache));
  }
  const document = JSON.stringify(openApiOf(routes));
  app.get('/openapi.json', (c) => c.body(document, 200, headers));
  app.notFound((c) => failed(c, 404, 'ERR_PATH', `there is no ${c.req.method} ${shown(c.req.path)}; /openapi.json lists what there is`));
  app.onError((error, c) => failedBy(c, error));
  return app;
}

async function answerQuery(c: Ask, rec: Recommender, route: Route, cache: AnswerCache): Promise<Response> {
  const asked = c.req.url;
  const known = cache.get(asked);
  if (known !== undefined) return c.body(known, 200, headers);
  const answer = await answerTo(c, rec, route, queryOf(c, route));
  if (typeof answer !== 'string') return answer;
  cache.set(asked, answer);
  return c.body(answer, 200, headers);
}

/** Parameters of a query: one each, or all that were given of those that may be repeated. */
function queryOf(c: Ask, { lists }: Route): Record<string, unknown> {
  const given = Object.entries(c.req.queries());
  return Object.fromEntries(given.map(([name, values]) => [name, lists.includes(name) || values.length !== 1 ? values : values[0]]));
}

async function answerBody(c: Ask, rec: Recommender, route: Route, most: number): Promise<Response> {
  // A page of another site may send text without asking first, but not JSON.
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) return failed(c, 415, 'ERR_BODY', 'the body must be of type application/json');
  const text = await readBody(c.env.incoming, most);
  if (typeof text !== 'string') return failed(c, 413, 'ERR_BODY', `the body must have at most ${most} bytes and be sent whole`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return failed(c, 400, 'ERR_BODY', `the body is not JSON: ${(error as SyntaxError).message}`);
  }
  const answer = await answerTo(c, rec, route, body);
  return typeof answer === 'string' ? c.body(answer, 200, headers) : answer;
}

/** The answer as text, or a response that says why there is none. */
async function answerTo(c: Ask, rec: Recommender, { request, handle }: Route, given: unknown): Promise<string | Response> {
  const read = request?.safeParse(given);
  if (read?.success === false) return failed(c, 400, 'ERR_REQUEST', issuesText(read.error));
  const { user, item } = (read?.data ?? {}) as { user?: string; item?: unknown };
  if (user !== undefined && !rec.hasUser(user)) {
    return failed(c, 404, 'ERR_USER', `there is no user ${JSON.stringify(user)}; POST \`ratings\` or \`items\` of somebody new`);
  }
  if (typeof item === 'string' && !rec.hasItem(item)) return failed(c, 404, 'ERR_ITEM', `there is no item ${JSON.stringify(item)}`);
  return JSON.stringify(await handle((read?.data ?? {}) as never));
}

function failedBy(c: Ask, error: unknown): Response {
  if (error instanceof BoltzkitError && error.code === 'ERR_PARAMETER') {
    return failed(c, 400, error.code, error.message.replace(/^Recommender\.\w+: /, ''));
  }
  // What went wrong inside is nothing that strangers need to know.
  process.stderr.write(`boltzkit: ${shown(error instanceof Error ? error.message : String(error))}\n`);
  return failed(c, 500, 'ERR_INTERNAL', 'the server could not answer');
}

function failed(c: Ask, status: Status, code: string, message: string): Response {
  return c.body(JSON.stringify({ error: { code, message } }), status, headers);
}
