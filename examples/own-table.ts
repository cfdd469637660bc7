// A table of numbers, categories, yes/no and gaps: learn it, fill in what is missing, find the rows
// that do not fit. The table is made here, flats of five kinds, so that the truth is known: which
// values were taken out, and which rows are mixed from two kinds.
import { rm } from 'node:fs/promises';
import { BoltzmannMachine, bernoulli, compare, rowsOf } from 'boltzkit';
import { type Label, readTable, type TableRow, writeCsv } from 'boltzkit/tables';

const small = process.env.BOLTZKIT_SMALL !== undefined;

// --- the table -----------------------------------------------------------------------------------

// A fixed little generator, so that the example repeats.
let state = 11;
const random = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
const mostly = <T>(value: T, others: readonly T[]) => (random() < 0.9 ? value : (others[Math.floor(random() * others.length)] ?? value));

const districts = ['centre', 'harbour', 'hills', 'station'];
const heatings = ['gas', 'district', 'electric'];
const kinds = [
  { district: 'centre', heating: 'gas', size: 95, rent: 2100, year: 1905, lift: 'no', balcony: 'no' },
  { district: 'centre', heating: 'electric', size: 40, rent: 1300, year: 1995, lift: 'yes', balcony: 'no' },
  { district: 'harbour', heating: 'district', size: 70, rent: 1900, year: 2015, lift: 'yes', balcony: 'yes' },
  { district: 'hills', heating: 'gas', size: 130, rent: 2400, year: 1970, lift: 'no', balcony: 'yes' },
  { district: 'station', heating: 'district', size: 55, rent: 900, year: 1965, lift: 'yes', balcony: 'yes' },
] as const;

function flat(kind: (typeof kinds)[number]): TableRow {
  const size = Math.round(kind.size * (1 + 0.12 * normal()));
  return {
    district: mostly<string>(kind.district, districts),
    heating: mostly<string>(kind.heating, heatings),
    size,
    rent: Math.round((kind.rent * size) / kind.size + 80 * normal()),
    year: Math.round(kind.year + 6 * normal()),
    lift: mostly<string>(kind.lift, ['yes', 'no']),
    balcony: mostly<string>(kind.balcony, ['yes', 'no']),
  };
}

const truth: TableRow[] = [];
const odd: boolean[] = [];
for (let r = 0; r < 600; r++) {
  const kind = Math.floor(random() * kinds.length);
  const row = flat(kinds[kind] ?? kinds[0]);
  const other = flat(kinds[(kind + 1 + Math.floor(random() * (kinds.length - 1))) % kinds.length] ?? kinds[0]);
  odd.push(random() < 0.05);
  // Every value of an odd row is a usual one; only together they are not.
  truth.push(odd[r] ? { ...row, rent: other.rent ?? null, year: other.year ?? null, heating: other.heating ?? null } : row);
}
const gapped = truth.map((row): TableRow => {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, random() < 0.08 ? null : value]));
});
await writeCsv('flats.csv', gapped);

// --- learn it ------------------------------------------------------------------------------------

const table = await readTable('flats.csv');
console.log(table.columns.map(({ name, type, missing }) => `${name}: ${type}, ${missing} missing`).join('\n'));
const { train, unseen } = table.split({ train: 0.8, unseen: 0.2 }, { seed: 1 });

const machine = new BoltzmannMachine({ ...table.wiring({ hidden: bernoulli(12) }), seed: 1 });
await machine.fit(train.rows, {
  epochs: small ? 800 : 6000, // of 5 updates each
  validation: unseen.rows,
  earlyStopping: { patience: small ? 200 : 1000 },
});

// Columns that know nothing of each other are what any model has to beat.
const independent = new BoltzmannMachine({ layers: table.layers, couplings: [], seed: 1 });
await independent.fit(train.rows, { epochs: 100 });
const { difference, low, high } = await compare(machine, independent, unseen.complete().rows);
console.log(`unseen rows: ${difference.toFixed(2)} nats above independent columns, 95 % [${low.toFixed(2)}, ${high.toFixed(2)}]`);

// --- fill in what is missing -------------------------------------------------------------------

const means = await table.decode(await independent.impute(table.rows)); // means and likeliest labels
const imputed = await table.decode(await machine.impute(table.rows));

/** Root mean square error of numbers in standard deviations, and the share of right labels. */
function judge(rows: readonly TableRow[]): { error: number; right: number } {
  let [squares, numbers, hits, labels] = [0, 0, 0, 0];
  for (const [r, row] of gapped.entries()) {
    for (const column of table.columns) {
      if (row[column.name] !== null) continue;
      const [is, was] = [rows[r]?.[column.name], truth[r]?.[column.name]];
      if (column.type === 'number') {
        numbers++;
        squares += ((Number(is) - Number(was)) / column.sd) ** 2;
      } else {
        labels++;
        hits += Number(is === was);
      }
    }
  }
  return { error: Math.sqrt(squares / numbers), right: hits / labels };
}

const [plain, learnt] = [judge(means), judge(imputed)];
const told = ({ error, right }: ReturnType<typeof judge>) => `${error.toFixed(2)} sd off, ${(100 * right).toFixed(0)} % of labels right`;
console.log(`filled in: ${told(learnt)}; means and modes: ${told(plain)}`);

// --- find the rows that do not fit -------------------------------------------------------------

const scores = await machine.score(table.rows);
const surprises = await machine.surprise(table.rows);

/** How often an odd row has a higher score than a usual one. */
function auroc(values: ArrayLike<number>): number {
  const [of, among] = [true, false].map((kind) => Array.from(values).filter((_, r) => odd[r] === kind)) as [number[], number[]];
  const wins = of.reduce((sum, x) => sum + among.reduce((own, y) => own + (x > y ? 1 : x === y ? 0.5 : 0), 0), 0);
  return wins / (of.length * among.length);
}

/** Squared distances of points from the plane of their first k principal components. */
function pcaErrors(points: readonly (readonly number[])[], k: number): number[] {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  const mean = points[0]?.map((_, i) => points.reduce((sum, point) => sum + (point[i] ?? 0), 0) / points.length) ?? [];
  let rest = points.map((point) => point.map((x, i) => x - (mean[i] ?? 0)));
  for (let component = 0; component < k; component++) {
    let axis = mean.map((_, i) => Math.cos(i + component));
    for (let step = 0; step < 100; step++) {
      const along = rest.map((point) => dot(point, axis));
      const next = axis.map((_, i) => rest.reduce((sum, point, r) => sum + (point[i] ?? 0) * (along[r] ?? 0), 0));
      axis = next.map((x) => x / Math.hypot(...next));
    }
    rest = rest.map((point) => point.map((x, i) => x - dot(point, axis) * (axis[i] ?? 0)));
  }
  return rest.map((point) => dot(point, point));
}

// For it, gaps are filled with means and modes, and labels become columns of 0 and 1.
const oneHot = (labels: readonly Label[], value: unknown) => labels.map((label) => Number(label === value));
const points = means.map((row) => {
  return table.columns.flatMap((column) => {
    if (column.type === 'number') return [(Number(row[column.name]) - column.mean) / column.sd];
    return 'labels' in column ? oneHot(column.labels, row[column.name]) : [];
  });
});
const byScore = auroc(scores.values.data);
const byPca = Math.max(...[1, 2, 3, 4, 5, 6, 7].map((k) => auroc(pcaErrors(points, k)))); // the best, with hindsight
console.log(`AUROC of odd rows: ${byScore.toFixed(3)} by score, ${byPca.toFixed(3)} by PCA`);

const oddest = scores.values.data.indexOf(Math.max(...scores.values.data));
const cells = Array.from([...rowsOf(surprises)][oddest] ?? [], (nats, c) => `${table.unitNames[c]} ${nats.toFixed(1)}`);
console.log(`the oddest row: ${JSON.stringify(gapped[oddest])}\nsurprise in nats: ${cells.join(', ')}`);

machine.dispose();
independent.dispose();
await rm('flats.csv');
process.exitCode = low > 0 && learnt.error < plain.error && learnt.right > plain.right && byScore > byPca ? 0 : 1;
