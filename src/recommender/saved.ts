/** What a file must hold for a model to be read: checked part by part. */
import { FormatError } from '../errors.js';
import type { TensorType } from '../io/safetensors.js';
import type { Scale } from './entries.js';
import type { SavedModel } from './family.js';

/** Reads the parts of a saved model; `what` begins every message. */
export class SavedParts {
  constructor(
    private readonly saved: SavedModel,
    private readonly what: string,
  ) {}

  /** Numbers of a tensor of a type and shape; a length of −1 may be any. All must be finite. */
  numbers<A>(name: string, dtype: TensorType, shape: readonly number[]): { readonly data: A; readonly shape: readonly number[] } {
    const tensor = this.saved.tensors.get(name);
    const fits = tensor?.dtype === dtype && tensor.shape.length === shape.length && shape.every((n, i) => n < 0 || n === tensor.shape[i]);
    if (tensor === undefined || !fits) {
      const expected = `${dtype} [${shape.map((n) => (n < 0 ? 'any' : n)).join(', ')}]`;
      throw new FormatError(`${this.what}: the tensor '${name}' must be there as ${expected}`);
    }
    const data = tensor.data as Float64Array;
    if (dtype !== 'I64' && dtype !== 'U64' && !data.every(Number.isFinite)) {
      throw new FormatError(`${this.what}: the tensor '${name}' must have finite numbers`);
    }
    return { data: tensor.data as A, shape: tensor.shape };
  }

  /** A finite number among the settings, at least `low`. */
  number(name: string, low = Number.NEGATIVE_INFINITY): number {
    const value = this.saved.settings[name];
    if (typeof value === 'number' && Number.isFinite(value) && value >= low) return value;
    throw new FormatError(`${this.what}: the setting '${name}' must be a finite number${low > -Infinity ? ` of at least ${low}` : ''}`);
  }

  /** The values of the scale; null stands for none. */
  scale(): Scale | undefined {
    const { scale } = this.saved.settings;
    if (scale === null) return undefined;
    const rises =
      Array.isArray(scale) && scale.every((v, k) => typeof v === 'number' && Number.isFinite(v) && (k === 0 || v > scale[k - 1]));
    if (!rises || scale.length === 0) throw new FormatError(`${this.what}: the setting 'scale' must be a list of rising numbers, or null`);
    return { values: scale as number[] };
  }
}
