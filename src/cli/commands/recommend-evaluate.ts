import type { Command } from 'commander';
import type { Evaluation } from '../../recommender/evaluation.js';
import { evaluationText } from '../../recommender/evaluation-text.js';
import { Recommender } from '../../recommender/recommender.js';
import { familyNames } from '../../recommender/registry.js';
import { duration } from '../../runs/format.js';
import { integer, number, seed } from '../options.js';
import { Output } from '../output.js';
import { withBar } from '../recommend/bar.js';
import { type ModelOptions, modelOption } from '../recommend/model-options.js';
import { pictureMetrics, writePictures } from '../recommend/pictures.js';
import { type RowFlags, readingOf, rowFlags } from '../recommend/rows.js';

interface EvaluateOptions extends RowFlags {
  folds: number;
  models?: string[];
  set?: ModelOptions;
  metrics?: string[];
  relevantFrom?: number;
  seed?: bigint;
  threads?: number;
  resamples: number;
  pictures?: string;
  json?: true;
}

const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Models by name, each with the options that `--set model.option=value` gave it. */
function contendersOf(models: readonly string[] | undefined, set: ModelOptions): object[] | undefined {
  const named = models ?? (Object.keys(set).length === 0 ? undefined : familyNames());
  return named?.map((asked) => {
    // Some names stand for a model of ratings and one of interactions.
    const [model = '', target] = asked.split(':');
    const own = Object.entries(set).filter(([name]) => name.startsWith(`${model}.`));
    return {
      model,
      name: asked,
      ...(target === undefined ? {} : { target }),
      ...Object.fromEntries(own.map(([name, value]) => [name.slice(model.length + 1), value])),
    };
  });
}

async function evaluate(source: string, options: EvaluateOptions): Promise<void> {
  const output = new Output(options.json === true);
  const { folds, models, set = {}, metrics, relevantFrom, seed: chosen = 0n, threads = 0, resamples, pictures } = options;
  const more = pictures === undefined ? {} : { alsoMetrics: pictureMetrics };
  const began = performance.now();
  const shared = { models: contendersOf(models, set), relevantFrom, seed: chosen, threads, resamples, ...readingOf(options) };
  const evaluation = await withBar(output, `${folds} folds of ${source}`, (patience) =>
    Recommender.crossValidate(source, { ...shared, folds, metrics, ...more, ...patience } as never),
  );
  const seconds = (performance.now() - began) / 1000;
  const table = withoutPictures(evaluation, metrics);
  output.line(evaluationText(table));
  output.line(
    `in ${duration(seconds)}: ${evaluation.results.map(({ model, fitSeconds = 0 }) => `${model} ${duration(fitSeconds)}`).join(', ')} of training`,
  );
  const written = pictures === undefined ? [] : await writePictures(pictures, evaluation);
  for (const path of written) output.line(`wrote ${path}`);
  output.record({ source, folds, ...table, pictures: written, seconds });
}

/** The evaluation without the measures that only pictures need. */
function withoutPictures(evaluation: Evaluation, metrics: readonly string[] | undefined): Evaluation {
  const isShown = (name: string): boolean => metrics?.includes(name) === true || !pictureMetrics.includes(name) || shownAnyway.has(name);
  const results = evaluation.results.map((result) => ({ ...result, measures: result.measures.filter(({ name }) => isShown(name)) }));
  return { ...evaluation, results, differences: evaluation.differences.filter(({ measure }) => isShown(measure)) };
}

const shownAnyway = new Set(['recall@20(min)', 'coverage@10']);

export function registerRecommendEvaluate(parent: Command): void {
  rowFlags(parent.command('evaluate'))
    .description('train and judge models fold by fold: a table of models and measures')
    .argument('<rows>', 'a csv, tsv or `::` file with a user, an item and maybe a rating and a time in each line')
    .option('--folds <n>', 'how many folds', integer(2), 5)
    .option(
      '--models <names>',
      `some of ${familyNames().join(', ')}, by commas; popularity:interactions is that of interactions (default: all that can learn such rows)`,
      words,
    )
    .option('--set <model.name=value>', 'an option of a model; repeat it for several', modelOption)
    .option('--metrics <names>', 'measures by commas, such as rmse,recall@20(min),ndcg@10(binary) (default: the usual ones)', words)
    .option(
      '--relevant-from <rating>',
      'from which rating on an item counts as liked (default: the first from the mean on)',
      number(-Number.MAX_VALUE),
    )
    .option('--resamples <n>', 'resampled users behind the intervals; 0 for none', integer(0), 1000)
    .option('--pictures <folder>', 'where pictures of calibration and of accuracy and coverage go')
    .option('--seed <n>', 'of folds and models (default: 0)', seed)
    .option('--threads <n>', 'threads, 0 for all (default: 0)', integer(0, 1024))
    .option('--json', 'one JSON object on stdout')
    .action(evaluate);
}
