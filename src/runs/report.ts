import { type Fact, type Headline, type Panel, report, type Section } from '../viz/index.js';
import { RUN_FILES } from './folder.js';
import { count, duration, fixed, shellWord } from './format.js';
import type { Quality } from './quality.js';
import type { EpochRecord, RunRecord } from './record.js';
import { type RunRate, rateText } from './settings.js';

/** What a report of a run is made from. */
export interface RunReportParts {
  folder: string;
  record: RunRecord;
  quality: Quality | null;
  panels: readonly Panel[];
  /** Filters, samples and what else there is to look at. */
  drawings: readonly Section[];
  /** The command that makes the same run in another folder. */
  again: (folder: string) => string;
}

/** Below and above a mean: 95 % of a normal distribution. */
const NORMAL_95 = 1.96;

/** One self-contained page about a run. */
export function runReport(parts: RunReportParts): string {
  const { record } = parts;
  const { loaded, settings } = record;
  const sections = [curvesSection(parts), ...parts.drawings, healthSection(record), settingsSection(record), nextSection(parts)];
  return report({
    title: `${isRBM(record) ? 'RBM' : 'Boltzmann machine'} ${loaded.visible}–${settings.hidden} on ${loaded.name}`,
    summary: summary(record),
    headlines: headlines(parts),
    facts: facts(record),
    sections: sections.filter((section) => section !== null),
  });
}

/** Whether the model is an RBM: one layer of data. */
function isRBM({ loaded }: RunRecord): boolean {
  return Object.keys(loaded.layers).length === 1;
}

function summary(record: RunRecord): string {
  const { loaded, settings, seconds } = record;
  const machine = isRBM(record) ? 'restricted Boltzmann machine' : 'Boltzmann machine';
  return `A ${machine} with ${count(settings.hidden)} hidden units, trained on ${count(loaded.rows)} rows in ${duration(seconds)}.`;
}

function headlines({ record, quality }: RunReportParts): Headline[] {
  const unseen = record.loaded.validationRows > 0 ? 'validation' : 'training';
  const last = record.history.findLast(({ evaluation }) => evaluation !== null);
  return [
    ...(last === undefined ? [] : [likelihood(last, unseen)]),
    ...(quality === null ? [] : [pseudoLikelihood(quality, unseen)]),
    ...gap(record.history.at(-1)),
  ];
}

function pseudoLikelihood({ mean: value, standardError, rows }: Quality, unseen: string): Headline {
  const margin = NORMAL_95 * standardError;
  const interval = Number.isFinite(margin) ? { low: value - margin, high: value + margin } : {};
  const note = `exact, over ${count(rows)} ${unseen} rows; 95 % interval`;
  return { name: 'Log-pseudo-likelihood', value, ...interval, unit: 'nats per row', note };
}

function likelihood({ epoch, evaluation }: EpochRecord, rows: string): Headline {
  const { mean: value, low, high } = evaluation!.logLikelihood;
  const note = evaluation!.converged ? '95 % interval of log Z' : 'NOT CONVERGED: may be far off';
  const ends = Number.isFinite(high - low) ? { low, high } : {};
  return { name: 'Log-likelihood', value, ...ends, unit: 'nats per row', note: `${rows} rows, after epoch ${epoch}; ${note}` };
}

function gap(last: EpochRecord | undefined): Headline[] {
  if (last === undefined || last.freeEnergyGap === null) return [];
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
function healthSection({ hints, history }: RunRecord): Section {
  const warnings = new Set(history.flatMap(({ warnings, evaluation }) => [...warnings, ...(evaluation?.warnings ?? [])]));
  const health = history.findLast((epoch) => epoch.health !== null)?.health ?? null;
  const found = hints.length === 0 ? ['Nothing looks wrong.'] : hints.map(({ text }) => sentence(text));
  const figures: Fact[] =
    health === null
      ? []
      : [
          ['Autocorrelation time', `${fixed(health.autocorrelationTime, 1)} sweeps`],
          ['Effective sample size', fixed(health.effectiveSampleSize, 0)],
          ['Split-R̂', fixed(health.splitRhat, 3)],
          ['Drift of the free energy', `${fixed(health.freeEnergyDrift).replace('-', '−')} nats`],
        ];
  return { title: 'Health', text: [...found, ...[...warnings].map(sentence)], facts: figures };
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}

function settingsSection({ settings, data }: RunRecord): Section {
  const told = [...Object.entries(settings), ['binarise', data.binarise], ['scale', data.scale]] as [string, unknown][];
  return {
    title: 'Settings',
    facts: told
      .filter(([, value]) => value !== null && JSON.stringify(value) !== '{}')
      .map(([name, value]): Fact => [words(name), rounded(value)]),
  };
}

const NAMES: Readonly<Record<string, string>> = { l1: 'L1 decay', l2: 'L2 decay', batchSize: 'Rows per update' };

/** `averageLast` as `Average last`. */
function words(name: string): string {
  if (Object.hasOwn(NAMES, name)) return NAMES[name]!;
  const spaced = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object' || value === null) return String(value);
  if ('schedule' in value) return rateText(value as RunRate);
  const parts = 'name' in value ? [String(value.name)] : [];
  const rest = Object.entries(value).filter(([key]) => key !== 'name');
  return [
    ...parts,
    ...rest.map(([key, one]) => `${key} ${Array.isArray(one) ? one.map((x) => rounded(x)).join(' … ') : rounded(one)}`),
  ].join(', ');
}

/** As many digits as people read. */
function rounded(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : shown(value);
}

function nextSection({ folder, record, again }: RunReportParts): Section {
  const place = shellWord(folder);
  const kind = isRBM(record) ? 'RBM' : 'BoltzmannMachine';
  const lines = [
    '# this run once more',
    again(`${folder}-again`),
    '',
    '# draw samples, judge rows',
    `boltzkit sample ${place} --count 100`,
    `boltzkit evaluate ${place}`,
    '',
    '# in a program',
    `import { ${kind} } from "boltzkit";`,
    `const model = await ${kind}.load(${JSON.stringify(`${folder}/${RUN_FILES.model}`)});`,
  ];
  const text = 'The same data, settings and version of boltzkit give the same model on the same machine, however many threads work.';
  return { title: 'How to reproduce and go on', text, code: lines.join('\n') };
}
