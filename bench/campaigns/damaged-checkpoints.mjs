#!/usr/bin/env node
/**
 * A campaign of damaged files: checkpoints of every kind of run and files of chains are damaged by one who knows their structure, given a right
 * checksum again, loaded and used (the run goes on, samples are drawn, the model is saved and loaded again). Each may be refused with a
 * documented error, or do its work; a crash, a hang, any other error and a model whose own file cannot be loaded are faults.
 *
 *   node bench/campaigns/damaged-checkpoints.mjs --files 5000 --seed 1 --jobs 1
 *
 * Under AddressSanitizer and UBSan, with the addon that the part `cpp-address` of .ci/run builds:
 *
 *   cmake -S . -B build/cpp-address -G Ninja -DBOLTZKIT_ADDON=ON -DBOLTZKIT_TESTS=OFF -DBOLTZKIT_BENCH=OFF \
 *     -DCMAKE_BUILD_TYPE=Sanitize -DBOLTZKIT_SANITIZE=address,undefined && cmake --build build/cpp-address --target boltzkit
 *   BOLTZKIT_NATIVE=$PWD/build/cpp-address/boltzkit.node ASAN_OPTIONS=detect_leaks=0 \
 *     LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so)" \
 *     node bench/campaigns/damaged-checkpoints.mjs --files 200000
 *
 * File number i of a seed is always the same. `--from` begins with another number than 0; `--keep <folder>` keeps the smallest file of each
 * kind of fault (build/damaged-checkpoints if left out). Ends with 1 when there was a fault.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as boltzkit from 'boltzkit';
import { damagedFile } from './checkpoints/mutations.mjs';
import { makeSeeds } from './checkpoints/seeds.mjs';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    patience: { type: 'string', default: '60' },
    keep: { type: 'string', default: fileURLToPath(new URL('../../build/damaged-checkpoints/', import.meta.url)) },
  },
});
const worker = fileURLToPath(new URL('checkpoints/worker.mjs', import.meta.url));
// In memory where that is possible: every save waits for its disk.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'boltzkit-damaged-'));
const [first, count, jobs] = [Number(values.from), Number(values.files), Number(values.jobs)];
const began = performance.now();
const faults = new Map();
const files = [];
let [done, loaded] = [0, 0];

/** Counts a fault and keeps its file if it is the smallest of its kind. */
function record(fault, i) {
  const kind = fault.replace(/[-+]?\d+(\.\d+)?(e[+-]?\d+)?/g, '#');
  const { bytes } = damagedFile(files, Number(values.seed), i);
  const known = faults.get(kind) ?? { fault, times: 0, size: Infinity, numbers: [] };
  known.times++;
  if (known.numbers.length < 5) known.numbers.push(i);
  faults.set(kind, known);
  if (known.size <= bytes.length) return;
  known.size = bytes.length;
  mkdirSync(values.keep, { recursive: true });
  writeFileSync(join(values.keep, `${kind.replace(/[^\w#]+/g, '-').slice(0, 80)}.safetensors`), bytes);
}

/** One process, from a number on; resolves with the number after the last file that it began. */
function stretch(from, to, job) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [worker, folder, from, to, values.seed, job].map(String), {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let [running, next, words] = [false, from, ''];
    let hung = false;
    const watch = () =>
      setTimeout(() => {
        hung = true;
        child.kill('SIGKILL');
      }, Number(values.patience) * 1000);
    let timer = watch();
    child.stderr.on('data', (text) => {
      words = (words + text).slice(-20_000);
    });
    createInterface({ input: child.stdio[3] }).on('line', (line) => {
      clearTimeout(timer);
      timer = watch();
      const { began: at, ended, loaded: taken, fault } = JSON.parse(line);
      running = at !== undefined;
      next = (at ?? ended) + 1;
      if (running) return;
      done++;
      if (taken) loaded++;
      if (fault !== null) record(fault, ended);
      if (done % 10_000 === 0) console.log(`${done} files, ${loaded} loaded, ${faults.size} kinds of faults, ${rate()} files/s`);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (next === from) return reject(new Error(`the worker did not begin: ${words}`));
      if (running) {
        done++;
        const cause =
          /(ERROR: AddressSanitizer|runtime error|FATAL ERROR)[^\n]*/.exec(words)?.[0].replace(/0x[0-9a-f]+/g, '') ?? words.slice(-200);
        record(hung ? 'hang' : `crash (${signal ?? code}): ${cause}`, next - 1);
      } else if (code !== 0 && code !== 9) {
        record(`exit with ${signal ?? code} between files: ${words.slice(-200)}`, next - 1);
      }
      resolve(next);
    });
  });
}

function rate() {
  return Math.round(done / ((performance.now() - began) / 1000));
}

async function runJob(job) {
  const share = Math.ceil(count / jobs);
  const end = first + Math.min(count, share * (job + 1));
  for (let next = first + share * job; next < end; ) next = await stretch(next, end, job);
}

files.push(...(await makeSeeds(boltzkit, folder)).map(({ path }) => readFileSync(path)));
await Promise.all(Array.from({ length: jobs }, (_, job) => runJob(job)));
rmSync(folder, { recursive: true });
console.log(`${done} files, ${loaded} loaded, ${done - loaded} refused, ${rate()} files/s`);
for (const { fault, times, numbers, size } of faults.values()) {
  console.log(`${times} x ${fault} (numbers ${numbers.join(', ')} …; smallest file: ${size} bytes)`);
}
process.exitCode = faults.size === 0 ? 0 : 1;
