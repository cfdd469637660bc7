/** Files of ratings and of titles on the command line. */
import type { Command } from 'commander';
import { readLines } from '../../data/csv-lines.js';
import { CliError } from '../failures.js';
import { oneOf } from '../options.js';

/** How a file of ratings is read, as typed. */
export interface RowFlags {
  userColumn?: string;
  itemColumn?: string;
  ratingColumn?: string;
  timeColumn?: string;
  ratings: boolean;
  header?: 'yes' | 'no';
  delimiter?: string;
  decimal?: '.' | ',';
}

/** Adds them to a command. */
export function rowFlags(command: Command): Command {
  return command
    .option('--user-column <name>', 'the column of users (default: one with a usual name, or the first)')
    .option('--item-column <name>', 'the column of items (default: one with a usual name, or the second)')
    .option('--rating-column <name>', 'the column of ratings (default: one with a usual name, or the third)')
    .option('--time-column <name>', 'the column of times (default: one with a usual name, or the fourth)')
    .option('--no-ratings', 'leave ratings out: a row says only that a user has an item')
    .option('--header <yes|no>', 'whether the first line has names (default: if it looks like it)', oneOf('yes', 'no'))
    .option('--delimiter <text>', 'what separates fields (default: found from the first lines)')
    .option('--decimal <point>', 'the decimal point of ratings: . or , (default: .)', oneOf('.', ','));
}

/** What was typed, as the library takes it. */
export function readingOf(flags: RowFlags): Record<string, unknown> {
  const { userColumn: user, itemColumn: item, ratingColumn, timeColumn: time, ratings, header, delimiter, decimal } = flags;
  const rating = ratings ? ratingColumn : null;
  const columns = Object.fromEntries(Object.entries({ user, item, rating, time }).filter(([, name]) => name !== undefined));
  return {
    columns,
    ...(header === undefined ? {} : { header: header === 'yes' }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(decimal === undefined ? {} : { decimal }),
  };
}

/** Columns that a file of titles may have. */
const mostColumns = 10_000;

/**
 * Reads titles: a file whose first column is the item and whose second one is its title, or with a
 * column called title. `::` separates fields where the first lines have it.
 */
export async function readTitlesFile(path: string): Promise<Map<string, string>> {
  const titles = new Map<string, string>();
  let column = 1;
  let isFirst = true;
  const findDelimiter = (text: string): string => (text.includes('::') ? '::' : text.includes('\t') ? '\t' : ',');
  for await (const fields of readLines(path, 'reading titles', { maxColumns: mostColumns, findDelimiter }, (all) => all)) {
    const named = isFirst ? fields.findIndex((field) => /^\s*(title|name)\s*$/i.test(field)) : -1;
    isFirst = false;
    if (named > 0) {
      column = named;
      continue;
    }
    const [id, title] = [fields[0]?.trim() ?? '', fields[column]?.trim() ?? ''];
    if (id === '' || title === '')
      throw new CliError(
        `\`${path}\` must have an item and its title in each line, got ${JSON.stringify(fields.join(' | ').slice(0, 80))}`,
        { code: 'ERR_FORMAT' },
      );
    titles.set(id, title);
  }
  return titles;
}
