// node bench/network/pictures.mjs --data folder [--keep folder] [--out folder]
// The pictures of the documentation, from the networks that quality.mjs has kept: digits that the up–down network draws, a class to a
// line; digits and what the autoencoder makes of them; a map of its codes.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Autoencoder, DeepBeliefNetwork, principalComponents } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { pointMap, tiles, writePng, writeSvg } from 'boltzkit/viz';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.BOLTZKIT_DATA },
    keep: { type: 'string', default: path('../build/networks') },
    out: { type: 'string', default: path('../../docs/images') },
  },
});
const kept = (name) => join(values.keep, `${name}-1.safetensors`);
const out = (name) => join(values.out, name);
const side = { height: 28, width: 28 };
const { test } = await loadMnist(join(values.data, 'mnist'));

const dbn = await DeepBeliefNetwork.load(kept('up-down'));
const label = Array.from({ length: 100 }, (_, i) => Math.floor(i / 10));
const digits = await dbn.sample(100, { label, sweeps: 1000, output: 'mean' });
await writePng(out('dbn-digits.png'), tiles(digits, { ...side, columns: 10 }));

const autoencoder = await Autoencoder.load(kept('autoencoder'));
const some = test.images.hi(20);
const back = await autoencoder.reconstruct(some);
const both = { data: new Float32Array([...some.data.subarray(0, 20 * 784), ...back.data]), shape: [40, 784] };
await writePng(out('autoencoder.png'), tiles(both, { ...side, columns: 20 }));

const mapped = 2000;
const { scores } = principalComponents(await autoencoder.encode(test.images.hi(mapped)));
const classes = Array.from({ length: 10 }, (_, digit) => String(digit));
const labels = Array.from({ length: mapped }, (_, r) => test.labels.get(r));
const map = pointMap(scores, { title: 'Codes of 30 numbers', xLabel: 'first component', yLabel: 'second component', labels, classes });
await writeSvg(out('codes.svg'), map);
