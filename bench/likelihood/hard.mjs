// Do the 95 % intervals of log Z hold at default settings where it is hard? Machines with several modes,
// first-order transitions, needles, lattices, glasses, made by hand or trained (hard-machines.mjs), each
// with its true log Z; many seeds each.
//
//     node bench/likelihood/hard.mjs [--seeds 100] [--first 1] [--methods ais,ladder] [--machines word,word] [--out file.json]
//
// 'ais' is what the default 'auto' does beyond what can be counted. Prints per machine and method: the
// share of runs that called themselves converged, the coverage of those and of all, the root mean square
// error, the median half width, seconds per call on one thread. Runs are added to `--out` as they end, and
// what stands there already is not run again; several processes may share the machines out by name.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build, estimate, hardMachines, prepare } from './hard-machines.mjs';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    methods: { type: 'string', default: 'ais' },
    machines: { type: 'string', default: '' },
    out: { type: 'string' },
  },
});

const kept = options.out && existsSync(options.out) ? JSON.parse(readFileSync(options.out, 'utf8')) : {};

async function runsOf(described, method) {
  const key = `${described.name} | ${method}`;
  kept[key] ??= [];
  for (let seed = Number(options.first); seed < Number(options.first) + Number(options.seeds); seed++) {
    if (kept[key].some((run) => run.seed === seed)) continue;
    const model = build(described, seed);
    const began = performance.now();
    const { value, low, high, converged, warnings } = await estimate(described, model, { method });
    model.dispose();
    const seconds = (performance.now() - began) / 1000;
    const [error, lower, upper] = [value, low, high].map((x) => x - described.logZ);
    kept[key].push({ seed, error, lower, upper, converged, seconds, ...(converged ? {} : { warnings }) });
    if (options.out) writeFileSync(options.out, JSON.stringify(kept));
  }
  return kept[key];
}

const holds = ({ lower, upper }) => lower <= 0 && 0 <= upper;
const percent = (runs) => (runs.length === 0 ? '' : `${((100 * runs.filter(holds).length) / runs.length).toFixed(1)} %`);
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function row(name, runs) {
  const converged = runs.filter((run) => run.converged);
  const rms = Math.sqrt(runs.reduce((sum, { error }) => sum + error ** 2, 0) / runs.length);
  const width = median(runs.map(({ lower, upper }) => (upper - lower) / 2));
  const seconds = median(runs.map((run) => run.seconds));
  return [
    name,
    `${converged.length}/${runs.length}`,
    percent(converged),
    percent(runs),
    ...[rms, width].map((x) => x.toFixed(4)),
    seconds.toFixed(2),
  ];
}

const words = options.machines.split(',');
const chosen = hardMachines.filter(({ name }) => words.some((word) => name.includes(word)));
for (const method of options.methods.split(',')) {
  const rows = [];
  const all = [];
  for (const machine of chosen) {
    const described = await prepare(machine);
    const runs = await runsOf(described, method);
    all.push(...runs);
    rows.push(row(`${described.name} (${described.logZ.toFixed(2)})`, runs));
    console.error(rows.at(-1).join('  '));
  }
  rows.push(row('all', all));
  const head = [`${method}: machine (log Z)`, 'converged', 'holds, converged', 'holds, all', 'rms error', 'half width', 's'];
  console.log([head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
}
