import type { Command } from 'commander';
import { count } from '../../runs/format.js';
import { givenRows } from '../../runs/rows.js';
import { lacksValues, type ModelRows, type RowsOptions, rowsCommand, withModelRows } from '../model-rows.js';
import { features } from '../model-work.js';
import { numbered, writeNumbers } from '../rows-file.js';

async function transform({ opened, rows, output, signal }: ModelRows, options: RowsOptions): Promise<void> {
  const { model } = opened;
  const incomplete = lacksValues(rows);
  const { data, shape } = await features(model, givenRows(rows), !incomplete, { signal });
  const [n = 0, width = 0] = shape;
  await writeNumbers(options.out, { names: numbered('feature', width), data, rows: n });
  if (incomplete) output.line('note: values are missing; features are averages over what they may be');
  output.line(`wrote ${count(width)} features of ${count(n)} rows to ${options.out}`);
  output.record({ out: options.out, rows: n, features: width, incomplete });
}

export function registerTransform(program: Command): void {
  rowsCommand(program, 'transform', 'write the features of rows: the means of the hidden units', 'features.csv').action(
    (model: string, source: string, options: RowsOptions) => withModelRows(model, source, options, (parts) => transform(parts, options)),
  );
}
