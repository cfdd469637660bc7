// Your own table: read a CSV of zeros and ones, learn it, and ask how likely rows are. The table here is made first: 4 × 4 pictures of
// bars or stripes, a classic small problem because every right answer is known.
import { rm, writeFile } from 'node:fs/promises';
import { RBM } from 'boltzkit';
import { readCsv } from 'boltzkit/data';

const small = Boolean(process.env.BOLTZKIT_SMALL);
const side = 4;
const cells = [...Array(side * side).keys()];

function barsAndStripes() {
  const pictures = [];
  for (let pattern = 0; pattern < 1 << side; pattern++) {
    const lit = (line) => (pattern >> line) & 1;
    pictures.push(cells.map((cell) => lit(Math.floor(cell / side))));
    pictures.push(cells.map((cell) => lit(cell % side)));
  }
  return pictures;
}

const pictures = barsAndStripes();
await writeFile('bars.csv', pictures.map((row) => `${row.join(',')}\n`).join(''));

const rows = await readCsv('bars.csv');
const rbm = new RBM({ visible: side * side, hidden: 24, seed: 2 });
await rbm.fit(rows, {
  epochs: small ? 4000 : 20000,
  batchSize: pictures.length,
  algorithm: { name: 'pcd', sweeps: 2, chains: 256 },
  learningRate: { schedule: 'linear', from: 0.1, hold: 0.5 },
  monitorRows: 0,
});

const known = new Set(pictures.map(String));
const samples = await rbm.sample(1000, { sweeps: 500 });
let right = 0;
for (let i = 0; i < 1000; i++) if (known.has(String(samples.data.subarray(i * side * side, (i + 1) * side * side)))) right++;
console.log(`${right} of 1000 samples are bars or stripes (chance: ${(1000 * known.size) / 2 ** (side * side)})`);

const noise = cells.map((cell) => ((cell * 7) % 5 < 2 ? 1 : 0));
const [bar, other] = (await rbm.freeEnergy([pictures[3], noise])).data;
console.log(`free energy of a picture ${bar.toFixed(1)}, of noise ${other.toFixed(1)} nats`);
rbm.dispose();
await rm('bars.csv');
process.exitCode = right > 500 && bar < other ? 0 : 1;
