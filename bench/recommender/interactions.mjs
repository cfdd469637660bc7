/**
 * Machines of interactions at full size. Every choice is made on validation cut from train; test is read once. Differences are
 * against EASE of the same run, whose regularisation was chosen in the same way, with paired bootstrap intervals over users.
 *
 *     BOLTZKIT_DATA=… node bench/recommender/interactions.mjs [--only held-out,leave-one-out,per-user,second,
 *       sparse,rating-machines,numpy] [--out file.json]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { binarised } from '../../dist/recommender/split-users.js';
import { perUserSplit } from '../../dist/recommender/splits.js';
import { lastfmHeldOut, ml1mHeldOut, ml1mLeaveOneOut, ml100kPerUser, mlLatestSmallHeldOut } from './lib/protocols.mjs';
import { meanRows, measured, print, shapeForLeaveOneOut, trained } from './lib/rows.mjs';
import { dataFolder, ml100k } from './lib/sets.mjs';

const all = ['held-out', 'leave-one-out', 'per-user', 'second', 'sparse', 'rating-machines', 'numpy'];
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: all.join(',') },
    out: { type: 'string', default: fileURLToPath(new URL('../results/recommender-interactions.json', import.meta.url)) },
  },
});
const folder = dataFolder();
const asked = values.only.split(',');
const unknown = asked.find((name) => !all.includes(name));
if (unknown !== undefined) throw new Error(`--only knows ${all.join(', ')}, got ${unknown}`);

/** Only λ is chosen: plain EASE. */
const plain = { popularity: 0, dropout: 0, activity: 0, spread: 0 };

/** The models of every table, EASE first. Hidden units stand beside the couplings that 'ease' has chosen, whose seconds count for both. */
async function models(train, choice, seed) {
  const list = [
    await trained('EASE', 'ease', train, { ...plain, ...choice }, seed),
    await trained('popularity', 'popularity', train, {}, seed),
    await trained('EDLAE', 'ease', train, { ...plain, dropout: undefined, ...choice }, seed),
    await trained('ease', 'ease', train, choice, seed),
  ];
  return [...list, await withHidden(train, list.at(-1), choice, seed)];
}

async function withHidden(train, ease, choice, seed) {
  const both = await trained('ease-hidden', 'ease-hidden', train, { ...choice, ...ease.model.state.shape }, seed);
  return { ...both, fitSeconds: both.fitSeconds + ease.fitSeconds };
}

const rows = {
  async 'held-out'() {
    const { train, test } = ml1mHeldOut(folder);
    const metrics = ['ndcg@100(binary)', 'recall@20(min)', 'recall@50(min)'];
    const result = await measured('held-out', await models(train, {}, 1n), test, metrics);
    print('ML-1M, users held out', result);
    return result;
  },

  async 'leave-one-out'() {
    const { train, test, validation } = ml1mLeaveOneOut(folder, { validation: true });
    const list = [];
    for (const [name, fixed, solutions] of [
      ['EASE', plain, 8],
      ['ease', {}, 20],
    ]) {
      const begin = performance.now();
      const { shape } = await shapeForLeaveOneOut(validation, 10, solutions, fixed);
      const model = await trained(name, 'ease', train, { ...shape });
      list.push({ ...model, fitSeconds: (performance.now() - begin) / 1000 });
      if (name === 'EASE') list.push(await trained('popularity', 'popularity', train, {}));
    }
    list.push(await withHidden(train, list.at(-1), { cutoff: 10, l2: 1e-4, epochs: 12 }, 1n));
    const result = await measured('leave-one-out', list, test, ['hr@10', 'ndcg@10(binary)']);
    print('ML-1M, leave one out, 99 negatives', result);
    return result;
  },

  async 'per-user'() {
    const parts = [];
    for (const [s, split] of ml100kPerUser(folder).entries()) {
      const list = await models(split.train, { validation: 'entries', cutoff: 10 }, BigInt(s + 1));
      parts.push(await measured('per-user', list, split, ['ndcg@10(binary)']));
      print(split.name, parts[s]);
    }
    return { parts, means: meanRows(parts) };
  },

  async second() {
    const result = {};
    for (const [name, make] of Object.entries({ 'ml-latest-small': mlLatestSmallHeldOut, 'lastfm-2k': lastfmHeldOut })) {
      const { train, test } = make(folder);
      result[name] = await measured(name, await models(train, {}, 1n), test, ['ndcg@100(binary)', 'recall@20(min)', 'recall@50(min)']);
      print(`${name}, users held out`, result[name]);
    }
    return result;
  },

  /** Sparse couplings beside dense ones of the same shape. */
  async sparse() {
    const { train, test } = ml1mHeldOut(folder);
    const shape = { regularisation: 60, popularity: 0.4, dropout: 0, activity: 0.4, spread: 0.4 };
    const list = [await trained('ease', 'ease', train, shape)];
    for (const neighbours of [50, 100, 200, 400]) {
      list.push(await trained(`ease-sparse, ${neighbours}`, 'ease-sparse', train, { ...shape, neighbours }));
    }
    const result = await measured('sparse', list, test, ['ndcg@100(binary)', 'recall@20(min)']);
    print('ML-1M, users held out: neighbours of an item', result);
    return result;
  },

  /** Machines of ratings rank badly on their own: ML-100k, a quarter of each user's ratings held out, those of at least 4 relevant. */
  async 'rating-machines'() {
    const split = perUserSplit('rating-machines', ml100k(folder), { share: 0.25, seed: 1n });
    const [scale, liked] = [[1, 2, 3, 4, 5], binarised(split.train, 4)];
    const list = [
      await trained('ease', 'ease', liked, { validation: 'entries', cutoff: 10 }),
      await trained('popularity', 'popularity', liked, {}),
      await trained('gaussian', 'gaussian', split.train, {}, 1n, scale),
      await trained('combined', 'combined', split.train, {}, 1n, scale),
    ];
    const result = await measured('rating-machines', list, split, ['ndcg@10(binary)', 'recall@20(min)', 'rmse'], { relevantFrom: 4 });
    print('ML-100k, 75/25 per user, ratings of at least 4 relevant', result);
    return result;
  },

  async numpy() {
    const { train } = ml1mHeldOut(folder);
    const ours = await trained('EASE', 'ease', train, { recipe: 'ease' });
    const { matrix } = ours.model.state;
    const scratch = mkdtempSync(join(tmpdir(), 'ease-numpy-'));
    try {
      const [entries, out] = [join(scratch, 'entries'), join(scratch, 'b')];
      writeFileSync(entries, Buffer.concat([Buffer.from(train.user.buffer), Buffer.from(train.item.buffer)]));
      const script = fileURLToPath(new URL('ease_numpy.py', import.meta.url));
      const run = spawnSync('python3', [script, train.users.size, train.items.size, 500, entries, out].map(String), { encoding: 'utf8' });
      if (run.status !== 0) return { missing: `python3 with numpy: ${run.stderr || run.error}` };
      const bytes = readFileSync(out);
      const theirs = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
      let [difference, largest] = [0, 0];
      for (let i = 0; i < matrix.length; i++) {
        difference = Math.max(difference, Math.abs(matrix[i] - theirs[i]));
        largest = Math.max(largest, Math.abs(theirs[i]));
      }
      const result = {
        items: train.items.size,
        largestDifference: difference,
        largestElement: largest,
        ours: { seconds: ours.fitSeconds, megabytes: process.resourceUsage().maxRSS / 1024 },
        numpy: JSON.parse(run.stdout),
      };
      console.log('\nEASE and numpy side by side', result);
      return result;
    } finally {
      rmSync(scratch, { recursive: true });
    }
  },
};

const results = { processor: cpus()[0]?.model, processors: cpus().length };
// Peak memory is of the whole process, so what compares it goes first.
for (const name of ['numpy', ...all.filter((each) => each !== 'numpy')]) {
  if (asked.includes(name)) results[name] = await rows[name]();
}
// Rows that were not asked for stay as the file has them.
const before = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')) : {};
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, `${JSON.stringify({ ...before, ...results }, null, 2)}\n`);
