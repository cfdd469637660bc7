#!/usr/bin/env node
/**
 * A campaign of kills: trains many small runs, ends each several times at a random moment (SIGKILL, SIGINT or SIGTERM, from start-up to
 * the last save), goes on with it until it is complete, and compares what it leaves with what the uninterrupted run left: models and
 * pictures bit for bit, the record but for its times.
 *
 *   node bench/campaigns/kills.mjs --kills 1000 --seed 1 --jobs 2
 *
 * Ends with 1 when anything differs: a file, an exit code, a run that cannot be resumed, a file that should be gone.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allRuns } from './kill-runs.mjs';
import { randomNumbers } from './random.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
  },
});
const wanted = Number(values.kills);
const folder = mkdtempSync(join(tmpdir(), 'boltzkit-kills-'));
const random = randomNumbers(Number(values.seed));

const table = Array.from({ length: 120 }, (_, r) => Array.from({ length: 36 }, (_, i) => (Math.floor(i / 6) === r % 6 ? 1 : 0)).join(','));
writeFileSync(join(folder, 'stripes.csv'), `${table.join('\n')}\n`);

/** What ends a run, each as often as it stands here; two in a row are an impatient Ctrl-C. */
const signals = ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGINT', 'SIGINT, SIGINT', 'SIGTERM'];
const counts = { runs: 0, identical: 0, kills: 0, ends: {} };
const faults = [];
const runs = allRuns(folder).filter(({ name }) => name.includes(values.only));

/** Trains one run to its end through several kills and compares it. */
async function campaignRun(run, number) {
  const place = join(folder, `run-${number}`);
  mkdirSync(place);
  await run.whole();
  const kills = 1 + Math.floor(random() * 8);
  const moments = Array.from({ length: kills }, () => ({ share: random(), signal: random() }));
  const found = [];
  let finished = false;
  for (const { share, signal } of moments) {
    const name = signals[Math.floor(signal * signals.length)];
    const end = await run.killed(place, name, share);
    if (end.kind !== 'finished') counts.kills++;
    counts.ends[`${name}: ${end.kind}`] = (counts.ends[`${name}: ${end.kind}`] ?? 0) + 1;
    found.push(...end.faults);
    finished = end.kind === 'finished';
    if (finished || end.faults.length > 0) break;
  }
  if (found.length === 0) found.push(...(finished ? run.differences(place) : await run.completed(place)));
  counts.runs++;
  if (found.length === 0) counts.identical++;
  for (const fault of found) {
    faults.push(fault);
    console.log(`${run.name}, run ${number}: ${fault}`);
  }
  if (!values.keep && found.length === 0) rmSync(place, { recursive: true });
}

async function worker() {
  while (counts.kills < wanted && faults.length < 50) {
    const number = next++;
    await campaignRun(runs[number % runs.length], number);
    if (counts.runs % 50 === 0) console.error(`${counts.kills} kills, ${counts.identical} of ${counts.runs} runs identical`);
  }
}

let next = 0;
const began = performance.now();
await Promise.all(Array.from({ length: Number(values.jobs) }, worker));

for (const [end, times] of Object.entries(counts.ends).sort()) console.log(`${String(times).padStart(6)}  ${end}`);
const minutes = ((performance.now() - began) / 60_000).toFixed(1);
console.log(`${counts.kills} kills in ${minutes} minutes; ${counts.identical} of ${counts.runs} runs identical to the uninterrupted ones`);
if (faults.length === 0 && !values.keep) rmSync(folder, { recursive: true });
else console.log(`kept in ${folder}`);
process.exitCode = faults.length === 0 && counts.identical === counts.runs ? 0 : 1;
