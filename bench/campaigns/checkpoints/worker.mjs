/** Damages and uses files from one number on; its words on descriptor 3, a line of JSON each, are written before anything can crash. */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as boltzkit from 'boltzkit';
import { damagedFile } from './mutations.mjs';
import { makeSeeds } from './seeds.mjs';
import { use } from './use.mjs';

/** Resident memory that nothing of this size needs. */
const mostMemory = 1.5 * 2 ** 30;

const [folder, first, last, seed, number] = process.argv.slice(2);
const say = (line) => writeSync(3, `${JSON.stringify(line)}\n`);
const seeds = await makeSeeds(boltzkit, folder);
const files = seeds.map(({ path }) => readFileSync(path));
const [path, scratch] = [join(folder, `damaged-${number}`), join(folder, `scratch-${number}`)];

for (let i = Number(first); i < Number(last); i++) {
  const { which, bytes } = damagedFile(files, Number(seed), i);
  writeFileSync(path, bytes);
  say({ began: i });
  const { loaded, fault } = await use(boltzkit, seeds[which], path, bytes, scratch);
  const memory = process.memoryUsage.rss();
  say({ ended: i, loaded, fault: fault ?? (memory > mostMemory ? `memory: ${Math.round(memory / 2 ** 20)} MiB` : null) });
  if (memory > mostMemory) process.exit(9); // the next file begins in another process
}
