/** The server's router. It trusts nobody: pages of other sites reach a server on this machine too. */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { BoltzkitError } from '../../errors.js';
import type { Recommender } from '../../recommender/recommender.js';
import { shown } from '../../runs/format.js';
import { openApiOf } from './openapi.js';
import { type Route, routesOf } from './routes.js';
import { issuesText } from './schemas.js';

/** Whom the server answers, and how much it reads. */
export interface AppOptions {
  /** Whether a Host header names this server; all others are refused (DNS rebinding). */
  readonly isHost: (host: string) => boolean;
  /** The largest body, in bytes. */
  readonly bodyLimit: number;
}

type Status = 400 | 403 | 404 | 413 | 415 | 500;

/** Makes the router of a recommender. */
export function recommendApp(rec: Recommender, { isHost, bodyLimit: maxSize }: AppOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (!isHost(host)) return failed(c, 403, 'ERR_HOST', `this server is not called ${JSON.stringify(shown(host))}; see --allow-host`);
    await next();
    c.res.headers.set('x-content-type-options', 'nosniff');
  });
  const tooLarge = (c: Context) => failed(c, 413, 'ERR_BODY', `the body must have at most ${maxSize} bytes`);
  const routes = routesOf(rec);
  for (const route of routes) {
    if (route.method === 'get') app.get(route.path, (c) => answer(c, rec, route, () => queryOf(c, route)));
    else app.post(route.path, bodyLimit({ maxSize, onError: tooLarge }), (c) => answerBody(c, rec, route));
  }
  const document = openApiOf(routes);
  app.get('/openapi.json', (c) => c.json(document));
  app.notFound((c) => failed(c, 404, 'ERR_PATH', `there is no ${c.req.method} ${shown(c.req.path)}; /openapi.json lists what there is`));
  app.onError((error, c) => failedBy(c, error));
  return app;
}

/** Parameters of a query: one each, or all that were given of those that may be repeated. */
function queryOf(c: Context, { lists }: Route): Record<string, unknown> {
  const given = Object.entries(c.req.queries());
  return Object.fromEntries(given.map(([name, values]) => [name, lists.includes(name) || values.length !== 1 ? values : values[0]]));
}

async function answerBody(c: Context, rec: Recommender, route: Route): Promise<Response> {
  // A page of another site may send text without asking first, but not JSON.
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) return failed(c, 415, 'ERR_BODY', 'the body must be of type application/json');
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return failed(c, 400, 'ERR_BODY', `the body is not JSON: ${error.message}`);
  }
  return answer(c, rec, route, () => body);
}

async function answer(c: Context, rec: Recommender, { request, handle }: Route, given: () => unknown): Promise<Response> {
  const read = request?.safeParse(given());
  if (read?.success === false) return failed(c, 400, 'ERR_REQUEST', issuesText(read.error));
  const { user, item } = (read?.data ?? {}) as { user?: string; item?: unknown };
  if (user !== undefined && !rec.hasUser(user)) {
    return failed(c, 404, 'ERR_USER', `there is no user ${JSON.stringify(user)}; POST \`ratings\` or \`items\` of somebody new`);
  }
  if (typeof item === 'string' && !rec.hasItem(item)) return failed(c, 404, 'ERR_ITEM', `there is no item ${JSON.stringify(item)}`);
  return c.json((await handle((read?.data ?? {}) as never)) as object);
}

function failedBy(c: Context, error: unknown): Response {
  if (error instanceof BoltzkitError && error.code === 'ERR_PARAMETER') {
    return failed(c, 400, error.code, error.message.replace(/^Recommender\.\w+: /, ''));
  }
  // What went wrong inside is nothing that strangers need to know.
  process.stderr.write(`boltzkit: ${shown(error instanceof Error ? error.message : String(error))}\n`);
  return failed(c, 500, 'ERR_INTERNAL', 'the server could not answer');
}

function failed(c: Context, status: Status, code: string, message: string): Response {
  return c.json({ error: { code, message } }, status);
}
