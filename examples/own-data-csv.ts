// Your own table: read a CSV of zeros and ones, learn it, and ask how likely rows are. The table
// here is made first: 4 × 4 pictures of bars or stripes, a classic small problem because every
// right answer is known.
import { rm, writeFile } from 'node:fs/promises';
import { linear, pcd, RBM, rowsOf } from 'boltzkit';
import { readCsv } from 'boltzkit/data';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const side = 4;
const cells = [...Array(side * side).keys()];

function barsAndStripes(): number[][] {
  const pictures: number[][] = [];
  for (let pattern = 0; pattern < 1 << side; pattern++) {
    const lit = (line: number) => (pattern >> line) & 1;
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
  algorithm: pcd({ sweeps: 2, chains: 256 }),
  learningRate: linear(0.1, { hold: 0.5 }),
  monitorRows: 0,
});

const known = new Set(pictures.map(String));
const samples = await rbm.sample(1000, { sweeps: 500 });
const right = [...rowsOf(samples)].filter((row) => known.has(String(row))).length;
console.log(`${right} of 1000 samples are bars or stripes (chance: ${(1000 * known.size) / 2 ** (side * side)})`);

const noise = cells.map((cell) => ((cell * 7) % 5 < 2 ? 1 : 0));
const energies = await rbm.freeEnergy([pictures[3] ?? noise, noise]);
const [bar, other] = [energies.get(0), energies.get(1)];
console.log(`free energy of a picture ${bar.toFixed(1)}, of noise ${other.toFixed(1)} nats`);
rbm.dispose();
await rm('bars.csv');
process.exitCode = right > 500 && bar < other ? 0 : 1;
