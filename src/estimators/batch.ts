import type { FilledRows } from './row-sums.js';

/** Numbers in a batch. */
const batchSize = 2 ** 20;
const mostRows = 4096;

/** Rows of some layers that are written one after the other and then asked about together. */
export class Batch {
  readonly #layers: readonly number[];
  readonly #widths: readonly number[];
  readonly #values: readonly Float32Array[];
  readonly #work: (filled: FilledRows, owners: readonly number[]) => Promise<void>;
  readonly #capacity: number;
  #owners: number[] = [];

  /**
   * @param layers - Numbers of the layers, and the places of each.
   * @param work - What becomes of a batch; `owners` has the number that each row was added with. It
   *   may write to the rows.
   */
  constructor(
    layers: readonly number[],
    widths: readonly number[],
    work: (filled: FilledRows, owners: readonly number[]) => Promise<void>,
  ) {
    this.#layers = layers;
    this.#widths = widths;
    this.#work = work;
    const width = widths.reduce((sum, each) => sum + each, 0);
    this.#capacity = Math.max(1, Math.min(mostRows, Math.floor(batchSize / width)));
    this.#values = widths.map((each) => new Float32Array(this.#capacity * each));
  }

  get full(): boolean {
    return this.#owners.length === this.#capacity;
  }

  /** A new row, per layer its places to be written; the batch must not be full. */
  add(owner: number): Float32Array[] {
    const row = this.#owners.length;
    this.#owners.push(owner);
    return this.#values.map((values, i) => values.subarray(row * (this.#widths[i] as number), (row + 1) * (this.#widths[i] as number)));
  }

  /** Does the work on what was added since the last time. */
  async flush(): Promise<void> {
    const [owners, rows] = [this.#owners, this.#owners.length];
    if (rows === 0) return;
    const values = this.#values.map((all, i) => all.subarray(0, rows * (this.#widths[i] as number)));
    await this.#work({ layers: this.#layers, values, rows }, owners);
    this.#owners = [];
  }
}
