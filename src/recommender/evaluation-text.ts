import type { Evaluation, Judged } from './evaluation.js';

/** An evaluation as a table for the terminal: a row per model, a column per measure, differences below. */
export function evaluationText({ judged, results, differences, warnings }: Omit<Evaluation, 'toString'>): string {
  const names = results[0]?.measures.map(({ name }) => name) ?? [];
  const rows = results.map(({ model, measures }) => [model, ...measures.map(({ value }) => numberText(value))]);
  const lines = [judgedText(judged), '', ...columns([['model', ...names], ...rows])];
  if (differences.length > 0) lines.push('', `against ${differences[0]?.against}, paired by user, 95 % intervals:`);
  const told = differences.map(({ model, measure, value, interval: [low, high] }) => [
    model,
    measure,
    signed(value),
    `[${signed(low)}, ${signed(high)}]`,
  ]);
  return [...lines, ...columns(told), ...warnings.map((warning) => `note: ${warning}`)].join('\n');
}

function judgedText(judged: readonly Judged[]): string {
  const sum = (key: 'users' | 'targets' | 'coldUsers' | 'coldItems') => judged.reduce((total, each) => total + each[key], 0);
  const [first] = judged;
  const folds = judged.length === 1 ? first?.split : `${judged.length} splits, means over them`;
  const cold = `${sum('coldUsers')} cold users, ${sum('coldItems')} cold items`;
  return `${folds}: ${sum('users')} users, ${sum('targets')} targets (${cold}); relevant: ${first?.relevant}; candidates: ${first?.candidates}`;
}

const numberText = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(4));
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

/** Rows of text as lines with columns of one width, the first to the left, others to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [c, text] of row.entries()) widths[c] = Math.max(widths[c] ?? 0, text.length);
  return rows.map((row) =>
    row
      .map((text, c) => (c === 0 ? text.padEnd(widths[c] as number) : text.padStart(widths[c] as number)))
      .join('  ')
      .trimEnd(),
  );
}
