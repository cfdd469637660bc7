// node bench/uses/anomalies.mjs --data folder [--sets digits,users,movies] [--seed 1] [--python python3] [--tune]: how well rows that do not fit
// are found, as AUROC, beside PCA and isolation forests on the same rows (needs scikit-learn). Prints one JSON line per set, and per digit.
// With --tune only validation rows are judged; otherwise only test rows.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { anomalyDetector, BoltzmannMachine, bernoulli, RBM } from 'boltzkit';
import { digits, mixedTable, movies, users } from './anomaly-data.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    sets: { type: 'string', default: 'digits,users,movies' },
    digits: { type: 'string', default: '0,1,2,3,4,5,6,7,8,9' },
    seed: { type: 'string', default: '1' },
    python: { type: 'string', default: 'python3' },
    tune: { type: 'boolean', default: false },
    hidden: { type: 'string' },
    epochs: { type: 'string' },
  },
});
const folder = values.data ?? process.env.BOLTZKIT_DATA;
if (!folder) {
  process.stderr.write('Usage: anomalies.mjs --data folder [--sets digits,users,movies] [--seed 1] [--python python3] [--tune]\n');
  process.exit(2);
}
const seed = Number(values.seed);

/** Chosen on validation rows by --tune; `components` are those of PCA that were best there, on average over the digits. */
const chosen = {
  digits: { hidden: 200, epochs: 10, components: [10] },
  users: { hidden: 60, epochs: 400, components: [5] },
  movies: { hidden: 40, epochs: 2000, components: [5] },
};
const tried = { digits: [5, 10, 20, 40, 80, 160], users: [2, 5, 8, 12, 16, 24], movies: [2, 4, 6, 8, 10, 14] };

const round = (x) => Number(x.toFixed(4));

/** How often an odd row has a higher score than an ordinary one; equal scores count half. */
function auroc(scores, odd) {
  const order = Array.from(scores, (score, r) => [score, odd[r]]).sort(([a], [b]) => a - b);
  const count = odd.filter(Boolean).length;
  let ranks = 0;
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && order[end][0] === order[i][0]) end++;
    for (let k = i; k < end; k++) if (order[k][1]) ranks += (i + end + 1) / 2;
    i = end;
  }
  return (ranks - (count * (count + 1)) / 2) / (count * (odd.length - count));
}

function baselines(train, rows, columns, components) {
  const temporary = mkdtempSync(join(tmpdir(), 'boltzkit-anomalies-'));
  try {
    const paths = ['train', 'rows'].map((name) => join(temporary, name));
    [train, rows].forEach(({ data }, i) => {
      writeFileSync(paths[i], Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    });
    const program = fileURLToPath(new URL('baselines.py', import.meta.url));
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    const { stdout, stderr, status } = spawnSync(values.python, [program, ...paths, columns, components, seed].map(String), {
      env,
      maxBuffer: 2 ** 28,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`baselines.py: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Rates of alarms of a detector that is calibrated on ordinary validation rows: of ordinary rows, and of odd ones. */
async function alarms(machine, calibration, rows, odd) {
  const detector = await anomalyDetector(machine, calibration, { falseAlarms: 0.01 });
  const { data } = await detector.isAnomalous(rows);
  const share = (kind) =>
    round(data.reduce((sum, alarm, r) => sum + (odd[r] === kind ? alarm : 0), 0) / odd.filter((is) => is === kind).length);
  return { calibrated: detector.rows, falseAlarms: share(false), found: share(true) };
}

async function judge(name, machine, data, rowsOf, seconds, extra = {}) {
  const settings = chosen[name];
  const part = values.tune ? data.valid : data.test;
  const begin = performance.now();
  const { values: scores } = await machine.score(rowsOf(part));
  const scoring = (performance.now() - begin) / 1e3;
  const components = values.tune ? tried[name] : settings.components;
  const others = Object.entries(baselines(data.train, part, data.columns, components));
  const line = {
    set: name,
    ...extra,
    seed,
    part: values.tune ? 'valid' : 'test',
    rows: part.odd.length,
    odd: part.odd.filter(Boolean).length,
    machine: round(auroc(scores.data, part.odd)),
    ...Object.fromEntries(others.map(([method, own]) => [method, round(auroc(own, part.odd))])),
    hidden: Number(values.hidden ?? settings.hidden),
    epochs: Number(values.epochs ?? settings.epochs),
    seconds: Number(seconds.toFixed(1)),
    scoring: Number(scoring.toFixed(1)),
  };
  if (!values.tune) Object.assign(line, await alarms(machine, rowsOf(data.valid, true), rowsOf(part), part.odd));
  console.log(JSON.stringify(line));
  return line;
}

async function trained(machine, rows, options) {
  const begin = performance.now();
  await machine.fit(rows, { ...options, monitorRows: 0 });
  return (performance.now() - begin) / 1e3;
}

async function digitsLeftOut() {
  const lines = [];
  for (const digit of values.digits.split(',').map(Number)) {
    const data = await digits(folder, digit);
    const { hidden, epochs } = chosen.digits;
    const rbm = new RBM({ visible: data.columns, hidden: Number(values.hidden ?? hidden), seed, threads: 1 });
    const seconds = await trained(rbm, data.train, { epochs: Number(values.epochs ?? epochs) });
    const rowsOf = ({ data: all, odd }, ordinary = false) => {
      const kept = odd.flatMap((is, r) => (ordinary && is ? [] : [r]));
      const rows = Float32Array.from(
        { length: kept.length * data.columns },
        (_, i) => all[kept[Math.floor(i / data.columns)] * data.columns + (i % data.columns)],
      );
      return { data: rows, shape: [kept.length, data.columns] };
    };
    lines.push(await judge('digits', rbm, data, rowsOf, seconds, { digit }));
    rbm.dispose();
  }
  const methods = Object.keys(lines[0]).filter((key) => key === 'machine' || key === 'forest' || key.startsWith('pca'));
  const means = methods.map((method) => [method, round(lines.reduce((sum, line) => sum + line[method], 0) / lines.length)]);
  console.log(JSON.stringify({ set: 'digits', digits: lines.length, mean: Object.fromEntries(means) }));
}

async function table(name, rows) {
  const data = await mixedTable(rows, seed);
  const { hidden, epochs } = chosen[name];
  const machine = new BoltzmannMachine({ ...data.table.wiring({ hidden: bernoulli(Number(values.hidden ?? hidden)) }), seed, threads: 1 });
  const seconds = await trained(machine, data.train.encoded, { epochs: Number(values.epochs ?? epochs) });
  await judge(name, machine, data, ({ encoded, odd }, ordinary = false) => (ordinary ? ordinaryRows(encoded, odd) : encoded), seconds);
  machine.dispose();
}

/** Rows by layer without the odd ones. */
function ordinaryRows(encoded, odd) {
  const kept = odd.flatMap((is, r) => (is ? [] : [r]));
  return Object.fromEntries(
    Object.entries(encoded).map(([layer, rows]) => {
      const columns = rows.shape[1] ?? 1;
      const data = Float32Array.from(
        { length: kept.length * columns },
        (_, i) => rows.data[kept[Math.floor(i / columns)] * columns + (i % columns)],
      );
      return [layer, { data, shape: rows.shape.length === 1 ? [kept.length] : [kept.length, columns] }];
    }),
  );
}

for (const name of values.sets.split(',')) {
  if (name === 'digits') await digitsLeftOut();
  else if (name === 'users') await table('users', users(folder));
  else if (name === 'movies') await table('movies', movies(folder));
  else throw new Error(`there is no set '${name}'`);
}
