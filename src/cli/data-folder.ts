import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './failures.js';

/** The files of a folder that are training rows and, if it has them, rows to validate on. */
export interface DataFiles {
  train: string;
  validation: string | null;
}

// The names of MNIST and of the data sets made in its image, then plain ones.
const PAIRS: { train: RegExp; validation: RegExp[] }[] = [
  { train: /train-images[-.]idx3-ubyte(\.gz)?$/, validation: [/(t10k|test)-images[-.]idx3-ubyte(\.gz)?$/] },
  {
    train: /(^|[._-])train([._-].*)?\.(npy|csv|tsv|txt|data|idx)(\.gz)?$/i,
    validation: [/(^|[._-])valid(ation)?([._-].*)?$/i, /(^|[._-])test([._-].*)?$/i],
  },
];
const DATA_FILE = /(\.(npy|csv|tsv|data|idx)|idx\d-u?byte)(\.gz)?$/i;
const LABELS = /labels/i;

function only(names: string[], pattern: RegExp, folder: string): string | null {
  const found = names.filter((name) => pattern.test(name) && !LABELS.test(name));
  if (found.length <= 1) return found[0] ?? null;
  // `x` beside `x.gz` is one data set twice.
  const unpacked = new Set(found.map((name) => name.replace(/\.gz$/i, '')));
  if (unpacked.size === 1) return found.find((name) => !/\.gz$/i.test(name)) ?? found[0]!;
  throw new CliError(`\`${folder}\` has several files to choose from: ${found.slice(0, 4).join(', ')}`, {
    hint: 'name the file instead of the folder',
  });
}

/**
 * Finds the rows in a folder: a pair named train and valid or test, or the only data file there is.
 */
export async function findDataFiles(folder: string): Promise<DataFiles> {
  const names = (await readdir(folder)).sort();
  const within = (name: string | null): string | null => (name === null ? null : join(folder, name));
  for (const { train, validation } of PAIRS) {
    const found = only(names, train, folder);
    if (found === null) continue;
    const other = validation.map((pattern) =>
      only(
        names.filter((name) => name !== found && DATA_FILE.test(name)),
        pattern,
        folder,
      ),
    );
    return { train: join(folder, found), validation: within(other.find((name) => name !== null) ?? null) };
  }
  const single = only(names, DATA_FILE, folder);
  if (single !== null) return { train: join(folder, single), validation: null };
  throw new CliError(`\`${folder}\` has no idx, csv or npy file in it`, { code: 'ERR_PARAMETER' });
}

/** Whether a path is a folder; a path that does not exist is not, and its reader will say so. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
