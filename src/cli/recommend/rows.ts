/** Files of ratings and of titles on the command line. */
import type { Command } from 'commander';
import { titlesOfFile } from '../../recommender/titles.js';
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

/** Reads a file of titles: columns by usual names, else the first is the item and the second its title. */
export function readTitlesFile(path: string): Promise<Map<string, string>> {
  return titlesOfFile('reading titles', path);
}
