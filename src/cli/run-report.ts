import { type Fact, type Headline, type Panel, report, type Section } from '../viz/index.js';
import { count, duration, fixed } from './format.js';
import { type LearningRate, learningRateText } from './options.js';
import type { Quality } from './quality.js';
import { RUN_FILES } from './run-folder.js';
import { type EpochRecord, persistent, type RunRecord } from './run-record.js';

/** What a report of a run is made from. */
export interface RunReportParts {
  folder: string;
  record: RunRecord;
  quality: Quality;
  panels: readonly Panel[];
  /** Filters, samples and what else there is to look at. */
  drawings: readonly Section[];
}

/** Below and above a mean: 95 % of a normal distribution. */
const NORMAL_95 = 1.96;

/** One self-contained page about a run. */
export function runReport(parts: RunReportParts): string {
  const { record } = parts;
  const { loaded, settings } = record;
  const sections = [curvesSection(parts), ...parts.drawings, healthSection(record), settingsSection(record), nextSection(parts)];
  return report({
    title: `RBM ${loaded.visible}–${settings.hidden} on ${loaded.name}`,
    summary: summary(record),
    headlines: headlines(parts),
    facts: facts(record),
    sections: sections.filter((section) => section !== null),
  });
}

function summary({ loaded, settings, seconds }: RunRecord): string {
  return `A restricted Boltzmann machine with ${count(settings.hidden)} hidden units, trained on ${count(loaded.rows)} rows in ${duration(seconds)}.`;
}

function headlines({ record, quality }: RunReportParts): Headline[] {
  const unseen = record.loaded.validationRows > 0 ? 'validation' : 'training';
  const last = record.history.findLast(({ evaluation }) => evaluation !== null);
  const margin = NORMAL_95 * quality.standardError;
  const interval = Number.isFinite(margin) ? { low: quality.mean - margin, high: quality.mean + margin } : {};
  return [
    ...(last === undefined ? [] : [likelihood(last, unseen)]),
    {
      name: 'Log-pseudo-likelihood',
      value: quality.mean,
      ...interval,
      unit: 'nats per row',
      note: `exact, over ${count(quality.rows)} ${unseen} rows; 95 % interval`,
    },
    ...gap(record.history.at(-1)),
  ];
}

function likelihood({ epoch, evaluation }: EpochRecord, rows: string): Headline {
  const { mean: value, low, high } = evaluation!.logLikelihood;
  const note = evaluation!.converged ? '95 % interval of log Z' : 'NOT CONVERGED: may be far off';
  const ends = Number.isFinite(high - low) ? { low, high } : {};
  return { name: 'Log-likelihood', value, ...ends, unit: 'nats per row', note: `${rows} rows, after epoch ${epoch}; ${note}` };
}

function gap(last: EpochRecord | undefined): Headline[] {
  if (last?.freeEnergyGap == null) return [];
  const value = fixed(last.freeEnergyGap).replace('-', '−');
  return [{ name: 'Free-energy gap', value, unit: 'nats per row', note: 'validation − training rows; large where it over-fits' }];
}

function facts({ boltzkit, loaded, settings, started, state, update, updates }: RunRecord): Fact[] {
  const { image } = loaded;
  return [
    ['Data', loaded.name],
    ['Rows', `${count(loaded.rows)} to learn from, ${count(loaded.validationRows)} for validation`],
    ['Columns', image === null ? count(loaded.visible) : `${count(loaded.visible)} (${image.height} × ${image.width} pixels)`],
    ['Machine', `${count(loaded.visible)} visible, ${count(settings.hidden)} hidden units`],
    ['Updates', update === updates ? count(update) : `${count(update)} of ${count(updates)}`],
    ['State', state],
    ['Begun', started],
    ['boltzkit', boltzkit],
  ];
}

function curvesSection({ panels }: RunReportParts): Section | null {
  return panels.length === 0 ? null : { title: 'Training', curves: { charts: panels } };
}

/** What was found wrong, or that nothing was, and the figures behind it. */
function healthSection({ hint, history }: RunRecord): Section {
  const warnings = new Set(history.flatMap(({ warnings, evaluation }) => [...warnings, ...(evaluation?.warnings ?? [])]));
  const health = history.findLast((epoch) => epoch.health !== null)?.health ?? null;
  const first = hint === null ? 'Nothing looks wrong.' : sentence(hint.text);
  const figures: Fact[] =
    health === null
      ? []
      : [
          ['Autocorrelation time', `${fixed(health.autocorrelationTime, 1)} sweeps`],
          ['Effective sample size', fixed(health.effectiveSampleSize, 0)],
          ['Split-R̂', fixed(health.splitRhat, 3)],
          ['Drift of the free energy', `${fixed(health.freeEnergyDrift).replace('-', '−')} nats`],
        ];
  return { title: 'Health', text: [first, ...[...warnings].map(sentence)], facts: figures };
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}

function settingsSection({ settings, data }: RunRecord): Section {
  const told = [...Object.entries(settings), ['binarise', data.binarise], ['scale', data.scale]] as [string, unknown][];
  return {
    title: 'Settings',
    facts: told.filter(([, value]) => value !== null).map(([name, value]): Fact => [words(name), rounded(value)]),
  };
}

const NAMES: Readonly<Record<string, string>> = { lr: 'Learning rate', l1: 'L1 decay', l2: 'L2 decay', batch: 'Rows per update' };

/** `averageLast` as `Average last`. */
function words(name: string): string {
  if (Object.hasOwn(NAMES, name)) return NAMES[name]!;
  const spaced = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'object' && value !== null && 'schedule' in value ? learningRateText(value as LearningRate) : String(value);
}

/** As many digits as people read. */
function rounded(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : shown(value);
}

function nextSection({ folder, record }: RunReportParts): Section {
  const place = word(folder);
  const lines = [
    '# this run once more',
    trainCommand(record, `${folder}-again`),
    '',
    '# draw samples, judge rows',
    `boltzkit sample ${place} --count 100`,
    `boltzkit evaluate ${place}`,
    '',
    '# in a program',
    'import { RBM } from "boltzkit";',
    `const rbm = await RBM.load(${JSON.stringify(`${folder}/${RUN_FILES.model}`)});`,
  ];
  const text = 'The same data, settings and version of boltzkit give the same model on the same machine, however many threads work.';
  return { title: 'How to reproduce and go on', text, code: lines.join('\n') };
}

/** The command that makes this run, with everything that was chosen spelt out. */
export function trainCommand({ data, settings, loaded, evaluateEvery }: RunRecord, folder: string): string {
  const { centred, chains, momentum, ...typed } = settings;
  const { source, seed: _seed, image, ...request } = data;
  const shape = image ?? loaded.image;
  const options = Object.entries({
    ...request,
    image: source === 'mnist' || shape === null ? null : `${shape.height}x${shape.width}`,
    ...typed,
    chains: persistent.has(settings.algorithm) ? chains : null,
    momentum: settings.optimiser === 'sgd' ? momentum : null,
    evaluateEvery,
    out: folder,
  });
  const flags = options.flatMap(([name, value]) => (value === null ? [] : [`${optionName(name)} ${word(shown(value))}`]));
  return ['boltzkit train', word(source), ...flags, ...(centred ? [] : ['--no-centred'])].join(' ');
}

/** What an option of the record is called on the command line. */
function optionName(name: string): string {
  return name === 'folder' ? '--data' : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A word for a shell. */
function word(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
