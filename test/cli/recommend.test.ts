import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ratingsOf } from '../recommender/films.js';
import { cli, cliAlone, startCli, useFolder } from './support.js';

const folder = useFolder();
const file = (name: string) => join(folder.path, name);
const run = (...args: string[]) => cli(['recommend', ...args], folder.path);
/** The same in a process of its own: once for each command. */
const runAlone = (...args: string[]) => cliAlone(['recommend', ...args], folder.path);
const json = (stdout: string) => JSON.parse(stdout) as Record<string, unknown>;

beforeAll(async () => {
  const rows = ratingsOf(60).map(({ user, item, rating }) => `${user},${item},${rating}`);
  await writeFile(file('ratings.csv'), `user,item,rating\n${rows.join('\n')}\n`);
  await writeFile(file('films.csv'), 'item,year,title\nspace 1,1979,Alien\nspace 2,1972,"Solaris, the first"\n');
  const { code, stderr } = await runAlone(
    'train',
    'ratings.csv',
    '--model',
    'mf',
    '--set',
    'factors=4',
    '--titles',
    'films.csv',
    '--out',
    'm.safetensors',
  );
  expect([code, stderr]).toEqual([0, '']);
});

test('`info` says what a recommender holds', async () => {
  const { code, stdout } = await cli(['info', 'm.safetensors'], folder.path);
  expect(code).toBe(0);
  for (const part of ["m.safetensors: recommender 'mf', ", 'users      60', 'items      36']) expect(stdout).toContain(part);
});

describe('train', () => {
  test('says what it learnt, and the same in JSON', async () => {
    const people = await run('train', 'ratings.csv', '--model', 'bias', '--out', 'b.safetensors');
    expect(people.stdout).toMatch(
      /learnt \d+ ratings of 60 users and 36 items by 'bias' in .*\nwrote b\.safetensors; next: boltzkit recommend for b\.safetensors --user <id>/,
    );
    const { stdout } = await run(
      'train',
      'ratings.csv',
      '--model',
      'bias',
      '--out',
      'b.safetensors',
      '--seed',
      '18446744073709551615',
      '--json',
    );
    expect(json(stdout)).toMatchObject({
      out: 'b.safetensors',
      model: 'bias',
      target: 'ratings',
      users: 60,
      items: 36,
      seed: '18446744073709551615',
    });
  });

  test('interactions of ratings, and rows without', async () => {
    const liked = await run(
      'train',
      'ratings.csv',
      '--kind',
      'interactions',
      '--relevant-from',
      '4',
      '--set',
      'recipe=ease',
      '--out',
      'e.safetensors',
      '--json',
    );
    expect(json(liked.stdout)).toMatchObject({ model: 'ease', target: 'interactions' });
    const plain = await run('train', 'ratings.csv', '--no-ratings', '--model', 'popularity', '--out', 'e.safetensors', '--json');
    expect(json(plain.stdout)).toMatchObject({ model: 'popularity', target: 'interactions' });
  });

  const wrong: [string, string[], number, RegExp][] = [
    ['no file', ['train', 'none.csv', '--out', 'x'], 1, /there is no such file or folder \(ENOENT\)/],
    ['no --out', ['train', 'ratings.csv'], 2, /required option '--out <file>'/],
    ['a model of nobody', ['train', 'ratings.csv', '--out', 'x', '--model', 'eas'], 1, /`model` must be one of .*did you mean 'ease'/],
    [
      'an option of nobody',
      ['train', 'ratings.csv', '--out', 'x', '--model', 'mf', '--set', 'factor=3'],
      1,
      /model 'mf' has no option `factor` \(did you mean 'factors'\?\)/,
    ],
    ['--set without a value', ['train', 'ratings.csv', '--out', 'x', '--set', 'factors'], 2, /Expected name=value/],
    [
      'a folder that is not there',
      ['train', 'ratings.csv', '--out', 'no/x', '--model', 'bias'],
      1,
      /cannot write no\/x: its folder does not exist/,
    ],
  ]; // prettier-ignore
  test.each(wrong)('refuses %s', async (_, args, exit, message) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(exit);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('for', () => {
  test('a list for people, with titles', async () => {
    const args = ['for', 'm.safetensors', '--user', 'love fan 1', '-n', '3', '--only', 'space 1', '--only', 'space 2'];
    const { code, stdout } = await runAlone(...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 +\d\.\d{3} {2}space \d {2}(Alien|Solaris, the first)$/m);
  });

  test('somebody new by ratings', async () => {
    const args = ['for', 'm.safetensors', '--rating', 'space 1=5', '--rating', 'love 1=1', '-n', '4', '--json'];
    const { recommendations, candidates } = json((await run(...args)).stdout) as {
      recommendations: { item: string; source: string }[];
      candidates: object;
    };
    expect(recommendations).toHaveLength(4);
    expect(recommendations.every(({ source }) => source === 'fold-in')).toBe(true);
    expect(recommendations.filter(({ item }) => item.startsWith('space')).length).toBeGreaterThanOrEqual(3);
    expect(candidates).toMatchObject({ all: 36, seen: 2 });
  });

  test('says why there are fewer', async () => {
    const { stdout } = await run('for', 'm.safetensors', '--user', 'love fan 1', '--only', 'space 1', '--at-least', '4');
    expect(stdout).toMatch(/note: only 1 candidates are left of 36 items: 35 are not in `only`/);
  });

  const wrong: [string, string[], number, RegExp][] = [
    ['nobody', [], 2, /say for whom: one of --user/],
    ['two', ['--user', 'a', '--item', 'b'], 2, /say for whom/],
    [
      'an unknown user',
      ['--user', 'zoe'],
      1,
      /`user` must be one of the 60 users of the training rows, got "zoe"; for a new user give `ratings/,
    ],
    ['a rating that is none', ['--rating', 'space 1=good'], 2, /Expected item=rating/],
    ['an unknown item', ['--rating', 'space1=5'], 1, /got "space1" \(did you mean 'space 1'\?\)/],
  ]; // prettier-ignore
  test.each(wrong)('refuses %s', async (_, args, exit, message) => {
    const { code, stderr } = await run('for', 'm.safetensors', ...args);
    expect(code).toBe(exit);
    expect(stderr).toMatch(message);
  });

  test('a damaged file, told in one line of JSON', async () => {
    const bytes = await readFile(file('m.safetensors'));
    await writeFile(file('cut.safetensors'), bytes.subarray(0, bytes.length / 2));
    const { code, stderr } = await run('for', 'cut.safetensors', '--user', 'a', '--json');
    expect(code).toBe(1);
    expect(json(stderr)).toMatchObject({ code: 'ERR_FORMAT' });
  });
});

describe('evaluate', () => {
  test('a table of models and measures, with pictures', async () => {
    const args = [
      'evaluate',
      'ratings.csv',
      '--folds',
      '2',
      '--models',
      'bias,mf,popularity:interactions',
      '--set',
      'mf.factors=4',
      '--resamples',
      '20',
      '--pictures',
      'pics',
    ];
    const { code, stdout, stderr } = await runAlone(...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^model +rmse .*ndcg@10\(binary\)/m);
    expect(stdout).toMatch(/^mf +\d\.\d{4}/m);
    expect(stdout).toMatch(/^popularity:interactions +–/m);
    expect(stdout).not.toContain('recall@50(min)'); // only the pictures need it
    for (const name of ['calibration.svg', 'accuracy-coverage.svg']) {
      expect(stdout).toContain(`wrote ${join('pics', name)}`);
      const svg = await readFile(join(folder.path, 'pics', name), 'utf8');
      expect(svg).toMatch(/^<svg[\s\S]*bias[\s\S]*mf[\s\S]*<\/svg>\s*$/);
    }
  });

  test('in JSON', async () => {
    const { stdout } = await run(
      'evaluate',
      'ratings.csv',
      '--folds',
      '2',
      '--models',
      'bias',
      '--metrics',
      'rmse,ndcg@10(binary)',
      '--json',
    );
    const told = json(stdout) as { results: { measures: { name: string; interval: number[] }[] }[] };
    expect(told.results[0]?.measures.map(({ name }) => name)).toEqual(['rmse', 'ndcg@10(binary)']);
    expect(told.results[0]?.measures[0]?.interval).toHaveLength(2);
  });
});

test('serve answers until it is told to end', async () => {
  const running = startCli(['recommend', 'serve', 'm.safetensors', '--port', '0', '--json'], folder.path);
  let stdout = '';
  running.child.stdout?.on('data', (text: string) => {
    stdout += text;
  });
  await running.said('listening');
  const { url } = JSON.parse(stdout.split('\n')[0] as string) as { url: string };
  const response = await fetch(`${url}/recommend?user=${encodeURIComponent('love fan 1')}&n=3`);
  expect(((await response.json()) as { recommendations: unknown[] }).recommendations).toHaveLength(3);
  running.child.kill('SIGTERM');
  const result = await running.result;
  expect([result.code, result.stderr]).toEqual([0, '']);
  expect(result.stdout).toContain('"event":"ended"');
  await expect(fetch(`${url}/health`)).rejects.toThrow();
});

test('every command of it has help and --json', async () => {
  for (const name of ['train', 'for', 'evaluate', 'serve']) {
    const { stdout, code } = await run(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--json');
  }
});
