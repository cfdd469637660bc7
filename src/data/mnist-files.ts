import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, ParameterError } from '../errors.js';
import { fileError } from '../io/files.js';
import { fromGreyLevels } from './grey-levels.js';
import { readIdxFor } from './idx.js';
import type { LabelledImages } from './mnist.js';
import { matrix, type NdArray, vector } from './ndarray.js';

const parts = {
  trainImages: ['train-images', 'idx3'],
  trainLabels: ['train-labels', 'idx1'],
  testImages: ['t10k-images', 'idx3'],
  testLabels: ['t10k-labels', 'idx1'],
} as const;

/** Paths of the four files. */
export type MnistFiles = Record<keyof typeof parts, string>;

/**
 * Finds the four idx files in a folder or in its subfolder `mnist`.
 *
 * @param folder - Where to look.
 * @param call - The public call, for messages.
 * @param origin - Who named the folder, for messages.
 * @throws `ParameterError` that names the files that are missing.
 */
export async function findMnistFiles(folder: string, call: string, origin: string): Promise<MnistFiles> {
  const here = search(folder, await namesIn(folder, call, origin));
  if (here.missing.length === 0) return here.found;
  const below = join(folder, 'mnist');
  const there = search(below, await namesIn(below, call, origin).catch(() => []));
  if (there.missing.length === 0) return there.found;
  const [place, { missing }] = there.missing.length < here.missing.length ? [below, there] : [folder, here];
  throw new ParameterError(`${call}: the folder ${place}${origin} lacks ${missing.join(', ')} (each plain or with .gz)`);
}

async function namesIn(folder: string, call: string, origin: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw fileError(call, 'read', `the folder ${folder}${origin}`, error);
  }
}

function search(folder: string, names: readonly string[]): { found: MnistFiles; missing: string[] } {
  const found: Partial<MnistFiles> = {};
  const missing: string[] = [];
  for (const [part, [stem, rank]] of Object.entries(parts)) {
    // Some unpackers turn the first hyphen of the ending into a dot.
    const spellings = ['-', '.'].map((mark) => `${stem}${mark}${rank}-ubyte`);
    const name = spellings.flatMap((spelling) => [spelling, `${spelling}.gz`]).find((candidate) => names.includes(candidate));
    if (name === undefined) missing.push(spellings[0] as string);
    else found[part as keyof MnistFiles] = join(folder, name);
  }
  return { found: found as MnistFiles, missing };
}

/** Reads one half of the data set. */
export async function readMnistFiles(call: string, imagesPath: string, labelsPath: string): Promise<LabelledImages> {
  const [images, labels] = await Promise.all([readIdxFor(call, imagesPath), readIdxFor(call, labelsPath)]);
  const [n, height, width] = images.shape as [number, number, number];
  if (images.shape.length !== 3 || !(images.data instanceof Uint8Array) || images.size === 0) {
    throw new FormatError(`${call}: ${imagesPath} must hold images, bytes [n, height, width], got ${kind(images)}`);
  }
  if (labels.shape.length !== 1 || !(labels.data instanceof Uint8Array) || labels.size !== n) {
    throw new FormatError(`${call}: ${labelsPath} must hold a label for each of ${n} images, bytes [${n}], got ${kind(labels)}`);
  }
  return {
    images: matrix(await fromGreyLevels(images.data), n, height * width),
    labels: vector(labels.data),
    imageShape: [height, width],
  };
}

function kind({ dtype, shape }: NdArray): string {
  return `${dtype} [${shape.join(', ')}]`;
}
