// Features of items as the data sets have them: genres, and the decade of a film (single years from 1990 on).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const since = (text) => {
  const year = Number(text);
  return year < 1990 ? `${Math.floor(year / 10)}0s` : `${year}`;
};
const yearOf = (title) => /\((\d{4})\)\s*$/.exec(title)?.[1];

/** Pairs of id and features: u.item of ML-100k, movies.dat of ML-1M. Both files are Latin-1. */
export function movieFeatures(folder, set) {
  const [file, delimiter] = set === 'ml-100k' ? ['u.item', '|'] : ['movies.dat', '::'];
  const lines = readFileSync(join(folder, set, file), 'latin1').split(/\r?\n/);
  return lines.filter(Boolean).map((line) => {
    const fields = line.split(delimiter);
    const [id, title] = fields;
    const genres = set === 'ml-100k' ? fields.slice(-19).flatMap((flag, g) => (flag === '1' ? [`genre ${g}`] : [])) : fields[2].split('|');
    const year = yearOf(title);
    return [id, year === undefined ? genres : [...genres, since(year)]];
  });
}
