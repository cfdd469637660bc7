// Aligned protein sequences: reading, splitting, weights by similarity, and the statistics that direct-coupling analysis compares.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { order } from '../lib/order.mjs';

export const LETTERS = '-ACDEFGHIKLMNPQRSTVWY';
export const CATEGORIES = LETTERS.length;

/** Letters as category numbers, row-major: { data [sequences × columns], columns }. */
export async function readAlignment(path) {
  const text = gunzipSync(await readFile(path)).toString('latin1');
  const sequences = text
    .split(/^>>.*$/m)
    .map((part) => part.replace(/\s+/g, ''))
    .filter(Boolean);
  const columns = sequences[0].length;
  const data = new Uint8Array(sequences.length * columns);
  sequences.forEach((sequence, r) => {
    if (sequence.length !== columns) throw new Error(`${path}: sequence ${r + 1} has ${sequence.length} letters, the first has ${columns}`);
    for (let i = 0; i < columns; i++) {
      const category = LETTERS.indexOf(sequence[i]);
      if (category < 0) throw new Error(`${path}: sequence ${r + 1} has the letter '${sequence[i]}', expected one of ${LETTERS}`);
      data[r * columns + i] = category;
    }
  });
  return { data, columns };
}

/** A seeded split: `share` of the sequences are held out. */
export function split({ data, columns }, share, seed) {
  const count = data.length / columns;
  const numbers = order(count, seed);
  const held = Math.round(share * count);
  const take = (chosen) => {
    const rows = new Uint8Array(chosen.length * columns);
    chosen.forEach((number, r) => {
      rows.set(data.subarray(number * columns, (number + 1) * columns), r * columns);
    });
    return rows;
  };
  return { test: take(numbers.subarray(0, held)), train: take(numbers.subarray(held)) };
}

/** 1 / number of sequences (itself included) that agree in at least the fraction `identity` of the columns (Morcos et al. 2011). */
export function similarityWeights(data, columns, identity) {
  const count = data.length / columns;
  const mayDiffer = columns - Math.ceil(identity * columns);
  const neighbours = new Uint32Array(count).fill(1);
  for (let r = 0; r < count; r++) {
    for (let q = 0; q < r; q++) {
      let different = 0;
      for (let a = r * columns, b = q * columns, end = a + columns; a < end && different <= mayDiffer; a++, b++) {
        if (data[a] !== data[b]) different++;
      }
      if (different > mayDiffer) continue;
      neighbours[r]++;
      neighbours[q]++;
    }
  }
  return Float64Array.from(neighbours, (n) => 1 / n);
}

/** Weighted frequencies { sites [columns × 21], pairs [pairs × 21 × 21] connected: f_ij(a, b) − f_i(a) f_j(b), pairs i < j }. */
export function statistics(data, columns, weights) {
  const count = data.length / columns;
  const total = weights ? weights.reduce((a, b) => a + b) : count;
  const sites = new Float64Array(columns * CATEGORIES);
  const pairs = new Float64Array(((columns * (columns - 1)) / 2) * CATEGORIES ** 2);
  for (let r = 0; r < count; r++) {
    const w = (weights ? weights[r] : 1) / total;
    const row = data.subarray(r * columns, (r + 1) * columns);
    for (let i = 0, at = 0; i < columns; i++) {
      sites[i * CATEGORIES + row[i]] += w;
      for (let j = i + 1; j < columns; j++, at += CATEGORIES ** 2) pairs[at + row[i] * CATEGORIES + row[j]] += w;
    }
  }
  for (let i = 0, at = 0; i < columns; i++) {
    for (let j = i + 1; j < columns; j++) {
      for (let a = 0; a < CATEGORIES; a++) {
        for (let b = 0; b < CATEGORIES; b++, at++) pairs[at] -= sites[i * CATEGORIES + a] * sites[j * CATEGORIES + b];
      }
    }
  }
  return { sites, pairs };
}

/** Pearson's correlation of two lists. */
export function pearson(x, y) {
  const mean = (list) => list.reduce((sum, value) => sum + value / list.length, 0);
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i] - mx, y[i] - my];
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  return xy / Math.sqrt(xx * yy);
}
