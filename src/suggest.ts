/** Edits (a letter more, less, other, or two swapped) from one word to another, counted up to `most`. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const steps = [row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1), swapped ? before[j - 2]! + 1 : most + 1];
      next.push(Math.min(...steps));
    }
    [before, row] = [row, next];
  }
  return row[b.length] as number;
}

/** Words longer than this are no typing mistakes of one another worth looking for. */
const longest = 40;

/** `` (did you mean `name`?) `` for a word that is nearly one of those known, else nothing. */
export function didYouMean(word: unknown, known: readonly string[]): string {
  if (typeof word !== 'string' || word.length > longest) return '';
  const lower = word.toLowerCase();
  const most = Math.max(1, Math.floor(word.length / 3));
  const near = known
    .filter((name) => name.length <= longest)
    .map((name) => ({ name, edits: distance(lower, name.toLowerCase(), most) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits)[0];
  return near === undefined ? '' : ` (did you mean '${near.name}'?)`;
}
