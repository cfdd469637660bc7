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

/** Every kind has a file of its own: what the compiler says of it names the kind. */
const kinds = {
  'explicit-resource-management': { file: 'modern.mts', settings: { module: 'nodenext', lib: ['es2022', 'esnext.disposable'] } },
  'node16-commonjs': { file: 'common.cts', settings: { module: 'node16' } },
  bundler: { file: 'bundled.ts', settings: { module: 'esnext', moduleResolution: 'bundler' } },
  'node10-commonjs': {
    file: 'node10.ts',
    settings: { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
  },
};

describe('declarations', () => {
  let consumer: Consumer;

  beforeAll(() => {
    consumer = new Consumer();
    consumer.installBuilt();
    consumer.write('modern.mts', modern);
    for (const file of ['common.cts', 'bundled.ts', 'node10.ts']) consumer.write(file, plain);
  });

  afterAll(() => consumer?.remove());

  test('for all kinds of projects', () => {
    expect(typeCheck(consumer, kinds)).toEqual(fine);
  });
});
