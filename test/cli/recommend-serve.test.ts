import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { answers } from '../../src/cli/recommend/schemas.js';
import { type Listening, namesOf, serveRecommender } from '../../src/cli/recommend/server.js';
import { Recommender } from '../../src/recommender/recommender.js';
import { useToys } from '../recommender/toy.js';

useToys();

const rows = [
  { user: 'ann', item: 'alien', rating: 5 },
  { user: 'ann', item: 'amelie', rating: 1 },
  { user: 'ben', item: 'alien', rating: 4 },
  { user: 'ben', item: 'brazil', rating: 5 },
  { user: 'ü/?&', item: 'dune', rating: 3 },
];

interface Reply {
  status: number;
  type: string;
  body: unknown;
}

/** A request with whatever headers, which `fetch` would not send. */
function ask(server: Listening, path: string, { method = 'GET', headers = {}, body = '' } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, path, method, headers: { connection: 'close', ...headers } };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const type = String(response.headers['content-type']);
        resolve({ status: response.statusCode ?? 0, type, body: type.includes('json') ? JSON.parse(text) : text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const json = { 'content-type': 'application/json' };
const post = (server: Listening, path: string, body: unknown, headers: Record<string, string> = json) =>
  ask(server, path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('serve', () => {
  let rec: Recommender;
  let server: Listening;
  beforeAll(async () => {
    rec = await Recommender.fit(rows, { model: 'toy', titles: { brazil: 'Brazil' } });
    server = await serveRecommender(rec, { host: '127.0.0.1', port: 0, allowHosts: ['films.test'], bodyLimit: 10_000, memory: 100_000 });
  });
  afterAll(() => server.close());

  test('tells that it is up and what it serves', async () => {
    const { status, type, body } = await ask(server, '/health');
    expect([status, type]).toEqual([200, 'application/json']);
    expect(answers.health.parse(body)).toMatchObject({ status: 'ok', model: 'toy', target: 'ratings', users: 3, items: 4 });
  });

  test('recommends what the library does', async () => {
    const own = await rec.recommend({ user: 'ann', n: 1 });
    const { status, body } = await ask(server, '/recommend?user=ann&n=1');
    expect(status).toBe(200);
    expect(body).toEqual({ recommendations: [...own], candidates: own.candidates, reason: null, unknown: [] });
    expect(answers.recommend.parse(body).recommendations[0]).toMatchObject({ item: 'brazil', title: 'Brazil', source: 'model' });
    expect((await post(server, '/recommend', { user: 'ann', n: 1 })).body).toEqual(body);
    const encoded = await ask(server, `/recommend?user=${encodeURIComponent('ü/?&')}&deny=alien&deny=brazil`);
    expect(encoded.body).toMatchObject({ recommendations: [{ item: 'amelie' }], candidates: { denied: 2, seen: 1, left: 1 } });
    const byChance = await ask(server, '/recommend?user=ann&n=1&atLeast=5');
    expect(byChance.body).toMatchObject({ recommendations: [...(await rec.recommend({ user: 'ann', n: 1, by: { atLeast: 5 } }))] });
    expect((await ask(server, '/recommend?user=ann&keepSeen=true')).body).toMatchObject({ candidates: { left: 4 } });
  });

  test('recommends to somebody new', async () => {
    const ratings = [{ item: 'brazil', rating: 5 }];
    const { body } = await post(server, '/recommend', { ratings: [...ratings, { item: 'x', rating: 1 }], n: 2, unknown: 'ignore' });
    expect(body).toMatchObject({ recommendations: [...(await rec.recommend({ ratings, n: 2 }))], unknown: ['x'] });
  });

  test('foresees ratings, and knows what is alike', async () => {
    const { mean, probabilities } = rec.predict('ann', 'brazil');
    const predicted = answers.predict.parse((await ask(server, '/predict?user=ann&item=brazil')).body);
    expect(predicted.scale).toEqual([1, 3, 4, 5]);
    expect(predicted.predictions).toEqual([{ item: 'brazil', title: 'Brazil', mean, variance: 1, probabilities: [...probabilities] }]);
    const two = await post(server, '/predict', { ratings: [], items: ['brazil', 'alien'] });
    expect(answers.predict.parse(two.body).predictions).toHaveLength(2);
    const { body } = await ask(server, '/similar?item=alien&n=2');
    expect(answers.similar.parse(body).similar).toEqual(rec.similarItems('alien', 2));
  });

  const wrong: [string, string, number, string, RegExp][] = [
    ['a user that is not there', '/recommend?user=zoe', 404, 'ERR_USER', /there is no user "zoe"; POST `ratings`/],
    ['an item that is not there', '/similar?item=x', 404, 'ERR_ITEM', /there is no item "x"/],
    ['no user', '/recommend', 400, 'ERR_REQUEST', /`user`/],
    ['two users', '/recommend?user=ann&user=ben', 400, 'ERR_REQUEST', /`user`/],
    ['n that is none', '/recommend?user=ann&n=ten', 400, 'ERR_REQUEST', /`n`/],
    ['too large an n', '/recommend?user=ann&n=100000', 400, 'ERR_REQUEST', /`n`.*1000/],
    ['a parameter of nobody', '/recommend?user=ann&m=3', 400, 'ERR_REQUEST', /"m"/],
    ['what the library refuses', '/recommend?user=ann&only=x', 400, 'ERR_PARAMETER', /^`only\[0\]` must be an item/],
    ['a path that is not there', '/nothing', 404, 'ERR_PATH', /there is no GET \/nothing; \/openapi.json lists/],
  ]; // prettier-ignore
  test.each(wrong)('refuses %s', async (_, path, status, code, message) => {
    const reply = await ask(server, path);
    expect(reply).toMatchObject({ status, type: 'application/json', body: { error: { code } } });
    expect(answers.error.parse(reply.body).error.message).toMatch(message);
  });

  test('refuses bodies that are too large, no JSON, or not said to be', async () => {
    const large = { ratings: Array.from({ length: 1000 }, () => ({ item: 'alien', rating: 1 })) };
    expect(await post(server, '/recommend', large)).toMatchObject({
      status: 413,
      body: { error: { message: expect.stringMatching(/at most 10000 bytes/) } },
    });
    const chunked = await post(server, '/recommend', large, { ...json, 'transfer-encoding': 'chunked' });
    expect(chunked.status).toBe(413);
    expect(await post(server, '/recommend', '{"user":')).toMatchObject({ status: 400, body: { error: { code: 'ERR_BODY' } } });
    const text = await post(server, '/recommend', { user: 'ann' }, { 'content-type': 'text/plain' });
    expect(text).toMatchObject({ status: 415 });
    expect((await post(server, '/recommend', '[]')).status).toBe(400);
    expect((await post(server, '/recommend', '{"user":"ann","__proto__":{"n":1}}')).status).toBe(400);
  });

  test('answers to its own names alone', async () => {
    const named = (host: string) => ask(server, '/health', { headers: { host } }).then(({ status }) => status);
    const { port } = server;
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, 'films.test', `films.test:${port}`]) {
      expect(await named(host), host).toBe(200);
    }
    for (const host of ['evil.test', `evil.test:${port}`, `localhost:${port + 1}`, 'localhost', `127.0.0.1.evil.test:${port}`]) {
      expect(await named(host), host).toBe(403);
    }
    expect(namesOf('0.0.0.0', 80, [])).toContain('localhost');
  });

  test('describes itself by an OpenAPI document', async () => {
    const { body } = await ask(server, '/openapi.json');
    const operation = z.object({
      operationId: z.string(),
      summary: z.string(),
      parameters: z
        .array(z.object({ name: z.string(), in: z.literal('query'), required: z.boolean(), schema: z.looseObject({}) }))
        .optional(),
      requestBody: z
        .object({ required: z.literal(true), content: z.object({ 'application/json': z.object({ schema: z.looseObject({}) }) }) })
        .optional(),
      responses: z.record(
        z.string().regex(/^\d{3}$/),
        z.object({ description: z.string(), content: z.object({ 'application/json': z.object({ schema: z.looseObject({}) }) }) }),
      ),
    }); // prettier-ignore
    const shape = z.object({
      openapi: z.literal('3.1.0'),
      info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
      paths: z.record(
        z.string().startsWith('/'),
        z.record(z.enum(['get', 'post']), operation).or(z.partialRecord(z.enum(['get', 'post']), operation)),
      ),
      components: z.object({ schemas: z.object({ Error: z.looseObject({}) }) }),
    });
    const document = shape.parse(body);
    expect(Object.keys(document.paths)).toEqual(['/recommend', '/similar', '/predict', '/health']);
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const names = document.paths['/recommend']?.get?.parameters?.map(({ name, required, schema }) => [name, required, schema.type]);
    expect(names).toEqual([
      ['user', true, 'string'],
      ['n', false, 'integer'],
      ['only', false, 'array'],
      ['deny', false, 'array'],
      ['keepSeen', false, 'string'],
      ['atLeast', false, 'number'],
    ]);
    expect(document.paths['/recommend']?.post?.requestBody?.content['application/json'].schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: { by: { anyOf: [{ const: 'mean' }, { type: 'object' }] } },
    });
  });
});

test('a server that ends answers what is under way, and lets connections go', async () => {
  const rec = await Recommender.fit(rows, { model: 'toy' });
  const server = await serveRecommender(rec, { host: '127.0.0.1', port: 0, allowHosts: [], bodyLimit: 1000, memory: 0 });
  const kept = await fetch(`${server.url}/health`); // its connection stays open
  expect(kept.status).toBe(200);
  await kept.json();
  const asked = ask(server, '/recommend?user=ann');
  await new Promise((done) => setTimeout(done, 50));
  await server.close();
  expect((await asked).status).toBe(200);
  await expect(ask(server, '/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port that is taken', async () => {
  const rec = await Recommender.fit(rows, { model: 'toy' });
  const options = { host: '127.0.0.1', port: 0, allowHosts: [], bodyLimit: 1000, memory: 0 };
  const server = await serveRecommender(rec, options);
  await expect(serveRecommender(rec, { ...options, port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await server.close();
});
