/** Files of recommenders that were cut, altered, or written by somebody with bad intentions and a right checksum. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../../src/io/safetensors.js';
import type { FitOptions } from '../../src/recommender/fit-types.js';
import { Recommender } from '../../src/recommender/recommender.js';
import { ratingsOf } from './films.js';

let folder: string;
let bytes: Uint8Array;
const path = () => join(folder, 'a.safetensors');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-hostile-'));
  const rec = await Recommender.fit(ratingsOf(12), { model: 'bias', titles: { 'space 1': 'Alien' }, seed: 5 });
  await rec.save(path());
  bytes = await readFile(path());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function refused(content: Uint8Array, message: RegExp): Promise<void> {
  await writeFile(path(), content);
  const error = await Recommender.load(path()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(FormatError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toMatch(/^Recommender\.load: .*a\.safetensors/);
}

test('cut anywhere', async () => {
  for (const part of [0, 0.001, 0.1, 0.5, 0.9, 0.999]) await refused(bytes.subarray(0, Math.floor(part * bytes.length)), /./);
});

test('a byte that changed', async () => {
  for (let k = 1; k <= 12; k++) {
    const altered = Uint8Array.from(bytes);
    altered[Math.floor((k * bytes.length) / 13)]! ^= 0x10;
    await refused(altered, /./);
  }
});

interface Contents {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
  config: Record<string, unknown>;
}

/** The file with something changed and a right checksum. */
function forged(change: (contents: Contents) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(Uint8Array.from(bytes), 'test');
  const contents = {
    tensors: new Map(tensors),
    metadata: { ...metadata },
    config: JSON.parse(metadata.config as string) as Record<string, unknown>,
  };
  change(contents);
  return encodeSafetensors(contents.tensors, {
    ...contents.metadata,
    ...(contents.metadata.config === metadata.config ? { config: JSON.stringify(contents.config) } : {}),
  }); // prettier-ignore
}

const text = (value: string): Tensor => {
  const data = new Uint8Array(Buffer.from(value));
  return { dtype: 'U8', shape: [data.length], data };
};
const numbers = (...values: number[]): Tensor => ({ dtype: 'U32', shape: [values.length], data: Uint32Array.from(values) });
const changed = (name: string, change: (data: Uint32Array) => void) => (c: Contents) => {
  const data = Uint32Array.from(c.tensors.get(name)?.data as Uint32Array);
  change(data);
  c.tensors.set(name, { dtype: 'U32', shape: [data.length], data });
};

const forgeries: [string, (contents: Contents) => void, RegExp][] = [
  ['another format', (c) => (c.metadata.format = 'other'), /is no file of boltzkit/],
  ['another version', (c) => (c.metadata.formatVersion = '9'), /has format version 9 of recommenders/],
  ['another kind', (c) => (c.metadata.kind = 'rbm'), /holds a model of kind 'rbm', not a recommender/],
  ['settings that are no JSON', (c) => (c.metadata.config = '{'), /has damaged metadata/],
  ['settings that are a list', (c) => (c.metadata.config = '[]'), /has damaged metadata/],
  ['a model of nobody', (c) => (c.config.family = 'magic'), /holds a model that this version of boltzkit does not know: "magic"/],
  ['a family that is no name', (c) => (c.config.family = { a: 1 }), /does not know/],
  ['the name of a property of objects', (c) => (c.config.family = '__proto__'), /does not know/],
  ['a target of nobody', (c) => (c.config.target = 'clicks'), /has no known target/],
  ['the other target', (c) => (c.config.target = 'interactions'), /does not know/],
  ['a seed that is none', (c) => (c.config.seed = '-1'), /has a damaged seed/],
  ['a seed that is too large', (c) => (c.config.seed = '99999999999999999999'), /has a damaged seed/],
  ['a scale that falls', (c) => (c.config.scale = [5, 1]), /has a damaged scale/],
  ['a scale of words', (c) => (c.config.scale = ['a']), /has a damaged scale/],
  ['a threshold that is none', (c) => (c.config.relevantFrom = 'x'), /has a damaged threshold/],
  ['options that are a list', (c) => (c.config.options = []), /has damaged options/],
  ['what is unseen', (c) => (c.config.unseen = 'both'), /has damaged settings/],
  ['no users', (c) => c.tensors.delete('users'), /lacks "users"/],
  ['ids that are no JSON', (c) => c.tensors.set('users', text('a\nb\n')), /must hold "users" as ids/],
  ['ids of another kind', (c) => c.tensors.set('users', text('{"a":1}\n')), /must hold "users" as ids/],
  ['ids twice', (c) => c.tensors.set('items', text('"a"\n"a"\n')), /must hold "items" as ids that differ/],
  ['two ids to a line', (c) => c.tensors.set('items', text('"a","b"\n')), /must hold "items" as ids/],
  ['too few ids', (c) => c.tensors.set('users', text('"a"\n')), /must hold "seen\/offsets" of shape \[2\]/],
  ['too few items', (c) => c.tensors.set('items', text('"a"\n')), /must hold "(titles|seen)\/items" of numbers below 1/],
  ['a title of nothing', (c) => c.tensors.set('titles/items', numbers(999)), /must hold "titles\/items" of numbers below 36/],
  ['more titles than items', (c) => c.tensors.set('titles/texts', text('"a"\n"b"\n')), /one title for each/],
  ['titles that are numbers', (c) => c.tensors.set('titles/texts', text('3\n')), /must hold "titles\/texts" as texts/],
  [
    'offsets that fall',
    changed('seen/offsets', (d) => {
      d[2] = 0;
    }),
    /must hold "seen\/offsets" that rise/,
  ],
  [
    'offsets past the end',
    changed('seen/offsets', (d) => {
      d[d.length - 1]! += 1;
    }),
    /must hold "seen\/offsets" that rise/,
  ],
  [
    'an item twice',
    changed('seen/items', (d) => {
      d[1] = d[0] as number;
    }),
    /must hold "seen\/items" that rise/,
  ],
  [
    'an item that is not there',
    changed('seen/items', (d) => {
      d[0] = 4e9;
    }),
    /must hold "seen\/items" of numbers below 36/,
  ],
  [
    'ratings that are none',
    (c) =>
      c.tensors.set('seen/values', {
        dtype: 'F32',
        shape: c.tensors.get('seen/values')?.shape ?? [],
        data: new Float32Array(c.tensors.get('seen/values')?.data.length ?? 0).fill(Number.NaN),
      }),
    /must hold "seen\/values" of finite numbers/,
  ],
  ['a tensor of nobody', (c) => c.tensors.set('extra', numbers(1)), /holds an unknown tensor "extra"/],
  [
    'no model',
    (c) => {
      for (const name of [...c.tensors.keys()]) if (name.startsWith('model/')) c.tensors.delete(name);
    },
    /./,
  ],
]; // prettier-ignore

test.each(forgeries)('%s', async (_, change, message) => {
  await refused(
    forged((c) => void change(c)),
    message,
  );
});

test('a forged file that changes nothing is read', async () => {
  await writeFile(
    path(),
    forged(() => undefined),
  );
  expect((await Recommender.load(path())).title('space 1')).toBe('Alien');
});

/** Every family's own tensors: of another shape, another type, absent, or not finite. Read, they must be refused or harmless. */
describe.each([
  ['gaussian', { hidden: 3, samples: 2, burnIn: 1, thin: 1 }],
  ['rbm', { hidden: 3, epochs: 2 }],
  ['mf', { factors: 2 }],
  ['ease', { recipe: 'ease', kind: 'interactions' }],
  ['popularity', {}],
  ['combined', { ratings: 'bias', interactions: 'popularity', weight: 0.5 }],
] as const)('%s', (model, options) => {
  test('tensors and settings that are not as they should be', async () => {
    const rec = await Recommender.fit(ratingsOf(12), { model, ...options } as FitOptions);
    await rec.save(path());
    const { tensors, metadata } = decodeSafetensors(await readFile(path()), 'test');
    const own = [...tensors.keys()].filter((name) => name.startsWith('model/'));
    expect(own.length).toBeGreaterThan(0);
    for (const name of own) {
      const tensor = tensors.get(name) as Tensor;
      const without = new Map([...tensors].filter(([other]) => other !== name));
      await refusedBy(without, metadata);
      const longer = new (tensor.data.constructor as Float32ArrayConstructor)(tensor.data.length + 1);
      await refusedBy(new Map([...without, [name, { ...tensor, shape: [longer.length], data: longer as Tensor['data'] }]]), metadata);
      if (tensor.data instanceof Float32Array) {
        await refusedBy(new Map([...without, [name, { ...tensor, data: tensor.data.map(() => Number.NaN) }]]), metadata);
      }
    }
    await refusedBy(tensors, { ...metadata, model: '{}' });
    await refusedBy(tensors, { ...metadata, model: '[' });
  });
});

async function refusedBy(tensors: ReadonlyMap<string, Tensor>, metadata: Record<string, string>): Promise<void> {
  await refused(encodeSafetensors(tensors, metadata), /./);
}
