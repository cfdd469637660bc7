/** The declarations, as the kinds of TypeScript projects find them that differ most. None of them skips the check of libraries. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Consumer, typeCheck } from './consumer.js';

const fine = { status: 0, stdout: '', stderr: '' };

/** Needs `esnext.disposable` for `using`; the declarations do not. */
const modern = `import type { NdArray } from 'ndarray';
import { BoltzkitError, RBM } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
using rbm = new RBM({ visible: 4, hidden: 2, seed: 1n });
const run = rbm.fit(new Float32Array(4), { algorithm: 'cd', signal: AbortSignal.timeout(1000) });
for await (const report of run) { const value: number | null = report.pseudoLikelihood; console.log(value); }
const features: NdArray<Float32Array> = await rbm.transform((await loadMnist()).test.images);
// @ts-expect-error: there is no such algorithm
rbm.fit(features, { algorithm: 'backpropagation' });
console.log(new Error() instanceof BoltzkitError);
export {};
`;
const plain = `import { BoltzkitError, RBM } from 'boltzkit';
import { readCsv } from 'boltzkit/data';
import { writePng } from 'boltzkit/viz';
const rbm: RBM = new RBM({ visible: 4, hidden: 2 });
void rbm.fit(new Float32Array(4), { epochs: 1 }).then((history) => history[0]!.epoch.toFixed());
// @ts-expect-error: there is no such option
void rbm.fit(new Float32Array(4), { epoch: 1 });
console.log(new Error() instanceof BoltzkitError, readCsv, writePng);
`;

const commonJs = { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' };

describe('declarations', () => {
  let consumer: Consumer;

  beforeAll(() => {
    consumer = new Consumer();
    consumer.installBuilt();
    consumer.write('modern.mts', modern);
    consumer.write('common.cts', plain);
    consumer.write('plain.ts', plain);
  });

  afterAll(() => consumer?.remove());

  test('with explicit resource management', () => {
    const settings = { module: 'nodenext', lib: ['es2022', 'esnext.disposable'] };
    expect(typeCheck(consumer, 'modern.mts', settings)).toEqual(fine);
  });

  test.each([
    ['node16, CommonJS', 'common.cts', { module: 'node16' }],
    ['a bundler', 'plain.ts', { module: 'esnext', moduleResolution: 'bundler' }],
    ['node10, CommonJS', 'plain.ts', commonJs],
  ])('for %s', (_, file, settings) => {
    expect(typeCheck(consumer, file, settings)).toEqual(fine);
  });
});
