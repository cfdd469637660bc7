import type { Command } from 'commander';
import { Recommender } from '../../recommender/recommender.js';
import { familyNames } from '../../recommender/registry.js';
import { count, duration } from '../../runs/format.js';
import { integer, number, oneOf, seed } from '../options.js';
import { Output } from '../output.js';
import { withBar } from '../recommend/bar.js';
import { type ModelOptions, modelOption } from '../recommend/model-options.js';
import { type RowFlags, readingOf, readTitlesFile, rowFlags } from '../recommend/rows.js';

interface TrainOptions extends RowFlags {
  out: string;
  kind?: 'ratings' | 'interactions' | 'auto';
  model?: string;
  set?: ModelOptions;
  titles?: string;
  relevantFrom?: number;
  seed?: bigint;
  threads?: number;
  json?: true;
}

async function train(source: string, options: TrainOptions): Promise<void> {
  const output = new Output(options.json === true);
  const { kind, model, set = {}, relevantFrom, seed: chosen = 0n, threads = 0, out } = options;
  const titles = options.titles === undefined ? undefined : await readTitlesFile(options.titles);
  const began = performance.now();
  const rec = await withBar(output, `learning ${source}`, (patience) => {
    const asked = { kind, model, relevantFrom, titles, seed: chosen, threads, ...patience, ...readingOf(options), ...set };
    return Recommender.fit(source, asked as never);
  });
  const seconds = (performance.now() - began) / 1000;
  await rec.save(out);
  const { model: name, target, users, items, entries } = rec.toJSON();
  output.line(`learnt ${count(entries)} ${target} of ${count(users)} users and ${count(items)} items by '${name}' in ${duration(seconds)}`);
  output.line(`wrote ${out}; next: boltzkit recommend for ${out} --user <id>`);
  output.record({ out, ...rec.toJSON(), seconds });
}

export function registerRecommendTrain(parent: Command): void {
  rowFlags(parent.command('train'))
    .description('learn a file of ratings, or of users and what they turned to')
    .argument('<rows>', 'a csv, tsv or `::` file with a user, an item and maybe a rating and a time in each line')
    .requiredOption('--out <file>', 'where the recommender goes, a .safetensors file')
    .option(
      '--kind <kind>',
      "ratings, interactions, or auto: the best of several models (default: the rows' own)",
      oneOf('ratings', 'interactions', 'auto'),
    )
    .option('--model <name>', `one of ${familyNames().join(', ')} (default: the usual one of the kind)`)
    .option('--set <name=value>', 'an option of the model; repeat it for several', modelOption)
    .option('--titles <file>', 'a file with items and what they are called')
    .option('--relevant-from <rating>', 'interactions of ratings: those rated at least so', number(-Number.MAX_VALUE))
    .option('--seed <n>', 'of all randomness (default: 0)', seed)
    .option('--threads <n>', 'threads, 0 for all (default: 0)', integer(0, 1024))
    .option('--json', 'one JSON object on stdout')
    .action(train);
}
