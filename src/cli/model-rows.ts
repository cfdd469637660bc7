/** A model and a file of rows for it, as `transform`, `score` and `impute` take them. */
import type { Command } from 'commander';
import { streams } from '../data/random.js';
import { isMissing, mapLayers, type RowSet } from '../runs/rows.js';
import type { Table } from '../tables/table.js';
import { loadRows, type Reading, readingOf } from './data-source.js';
import { InterruptedError } from './failures.js';
import { watchInterrupts } from './interrupt.js';
import { type ModelOptions, type OpenedModel, openModel } from './model-file.js';
import { deviceOption, factor, headerOption, integer } from './options.js';
import { Output } from './output.js';
import { numbered } from './rows-file.js';
import { tableOf } from './table-data.js';

/** The options that all of them have. */
export interface RowsOptions extends ModelOptions {
  out: string;
  scale?: number;
  labelColumn?: string;
  header?: Reading['header'];
  json?: true;
}

/** What a command works on. */
export interface ModelRows {
  readonly opened: OpenedModel;
  readonly rows: RowSet;
  readonly table: Table | null;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/**
 * Opens the model and reads the rows as its run read its own; an interruption leaves nothing
 * written.
 */
export async function withModelRows(
  path: string,
  source: string,
  options: RowsOptions,
  work: (parts: ModelRows) => Promise<void>,
): Promise<void> {
  const watch = watchInterrupts();
  try {
    const opened = await openModel(path, options);
    using _model = opened.model;
    const { record } = opened;
    const draws = { seed: 1n, stream: streams.binarisedRows, gaps: true };
    const rows = await loadRows(source, readingOf(record, options), record?.loaded ?? null, draws);
    await work({ opened, rows, table: tableOf(record?.loaded ?? null), output: new Output(options.json === true), signal: watch.signal });
  } catch (error) {
    throw watch.signal.aborted ? new InterruptedError('interrupted; nothing was written') : error;
  } finally {
    watch.end();
  }
}

/** Adds the arguments and options that all of them have. */
export function rowsCommand(program: Command, name: string, description: string, out: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<model>', 'a model file, or the folder of a run')
    .argument('<rows>', 'a file of rows: csv (also .gz), npy or idx')
    .option('--out <file>', 'where to write: .csv or .npy', out)
    .option('--scale <factor>', 'multiply values by this, e.g. 1/255 (default: as for the data of the run)', factor)
    .option('--label-column <column>', "csv: a column to leave out, by name or number from 0 (default: the run's)")
    .addOption(headerOption())
    .option(...deviceOption)
    .option('--threads <n>', 'threads, 0 for all (default: 0)', integer(0, 1024))
    .option('--json', 'one JSON object on stdout');
}

/** Whether rows lack values. */
export function lacksValues({ layers }: RowSet): boolean {
  return Object.values(layers).some(isMissing);
}

/** What the units of a model's rows are called, layer after layer; one name for a softmax unit. */
export function unitNames({ opened, rows, table }: Pick<ModelRows, 'opened' | 'rows' | 'table'>): string[] {
  if (table !== null) return table.unitNames;
  const columns = Object.values(mapLayers(rows, ({ cols }) => cols)).reduce((sum, cols) => sum + cols, 0);
  return opened.record?.loaded.names ?? numbered('column', columns);
}
