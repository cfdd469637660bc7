/** Bags of words as rows of counts: what there is to know of a document besides its words. */
import type { HostRows, ReadyRows } from '../data/host-rows.js';
import { slicesOf } from '../data/slices.js';
import { toFloat64 } from '../data/vector.js';
import { subject, type Where } from '../data/where.js';
import { ParameterError } from '../errors.js';

/** Refuses documents without words: those of big inputs while they are read. */
export function withWords(host: HostRows, where: Where): HostRows {
  if (host.kind !== 'sliced') return checked(host, 0, where);
  return {
    ...host,
    *slices() {
      let first = 0;
      for (const part of host.slices()) {
        yield checked(part, first, where);
        first += part.rows;
      }
    },
  };
}

function checked(part: ReadyRows, first: number, where: Where): ReadyRows {
  const empty = countsOf(part).findIndex((counts) => counts.every((count) => count === 0));
  if (empty < 0) return part;
  throw new ParameterError(`${subject(where)} must hold at least one word in every document, got none in row ${first + empty}`);
}

/** The number of words D of each document, and the log of how many sequences have its counts: log D! − Σ log v!. */
export function documentSizes(host: HostRows): { readonly lengths: Uint32Array; readonly logSequences: Float64Array } {
  const [lengths, logSequences] = [new Uint32Array(host.rows), new Float64Array(host.rows)];
  let row = 0;
  for (const part of slicesOf(host)) {
    for (const counts of countsOf(part)) {
      lengths[row] = counts.reduce((sum, count) => sum + count, 0);
      logSequences[row] = counts.reduce((sum, count) => sum - logFactorial(count), logFactorial(lengths[row] as number));
      row += 1;
    }
  }
  return { lengths, logSequences };
}

/** The counts of each document; those that sparse rows leave out are left out. */
function countsOf(part: ReadyRows): Float64Array[] {
  const { rows, cols } = part;
  if (part.kind !== 'sparse') {
    const values = toFloat64(part);
    return Array.from({ length: rows }, (_, r) => values.subarray(r * cols, (r + 1) * cols));
  }
  const { indptr, indices } = part;
  const values = part.values === null ? new Float64Array(indices.length).fill(1) : Float64Array.from(part.values);
  return Array.from({ length: rows }, (_, r) => values.subarray(indptr[r], indptr[r + 1]));
}

/** log n!: the product of few numbers, else Stirling's series, whose next term is below 10⁻¹⁰. */
function logFactorial(n: number): number {
  if (n < 16) return Array.from({ length: n }, (_, k) => Math.log(k + 1)).reduce((sum, log) => sum + log, 0);
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
}
