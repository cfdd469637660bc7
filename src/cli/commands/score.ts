import type { Command } from 'commander';
import { count, fixed } from '../../runs/format.js';
import type { RunModel } from '../../runs/model.js';
import { givenRows } from '../../runs/rows.js';
import { estimateMean } from '../../runs/statistics.js';
import { type ModelRows, type RowsOptions, rowsCommand, unitNames, withModelRows } from '../model-rows.js';
import { writeNumbers } from '../rows-file.js';

interface ScoreOptions extends RowsOptions {
  surprise?: true;
}

/** How many of the oddest rows are told. */
const ODDEST = 5;

async function score(parts: ModelRows, options: ScoreOptions): Promise<void> {
  const { opened, rows, output, signal } = parts;
  const model: RunModel = opened.model;
  const given = givenRows(rows);
  const { values, errors, warnings } = await model.score(given, { signal });
  const surprise = options.surprise ? await model.surprise(given, { signal }) : null;
  const units = surprise === null ? [] : unitNames(parts);
  const names = ['row', 'score', 'standard error', ...units.map((name) => `surprise of ${name}`)];
  const data = new Float64Array(rows.rows * names.length);
  for (let r = 0; r < rows.rows; r++) {
    data.set([r + 1, values.data[r] as number, errors.data[r] as number], r * names.length);
    if (surprise !== null) data.set(surprise.data.subarray(r * units.length, (r + 1) * units.length), r * names.length + 3);
  }
  await writeNumbers(options.out, { names, data, rows: rows.rows });
  const { mean } = estimateMean(values.data);
  const oddest = Array.from(values.data.keys())
    .sort((a, b) => (values.data[b] as number) - (values.data[a] as number))
    .slice(0, ODDEST)
    .map((r) => ({ row: r + 1, score: values.data[r] as number }));
  for (const warning of warnings) output.line(`note: ${warning}`);
  output.line(
    `mean score ${fixed(mean)} nats; the higher, the more unusual: ${oddest.map((one) => `row ${one.row} (${fixed(one.score)})`).join(', ')}`,
  );
  output.line(`wrote scores of ${count(rows.rows)} rows to ${options.out}`);
  output.record({ out: options.out, rows: rows.rows, columns: names, mean, oddest, warnings });
}

export function registerScore(program: Command): void {
  rowsCommand(program, 'score', 'write how unusual rows are, in nats: their free energy, or that of what is there', 'scores.csv')
    .option('--surprise', 'how unusual each value is, given the others of its row, as further columns')
    .action((model: string, source: string, options: ScoreOptions) =>
      withModelRows(model, source, options, (parts) => score(parts, options)),
    );
}
