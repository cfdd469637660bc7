import { FormatError } from '../errors.js';
import type { Tensor, TensorType } from './safetensors.js';

type Data = Tensor['data'];
type DataOf<T extends TensorType> = {
  F32: Float32Array;
  F64: Float64Array;
  I64: BigInt64Array;
  U64: BigUint64Array;
  U32: Uint32Array;
  U8: Uint8Array;
}[T];

/**
 * Says what is wrong with values, `undefined` when nothing is; `cols` is the length of the last
 * axis.
 */
export type ValueCheck<D extends Data = Float32Array | Float64Array> = (values: D, cols: number) => string | undefined;

/** What a tensor must be. */
export interface Wanted<T extends TensorType> {
  readonly types: readonly T[];
  /** Its sizes; `null` for one that the file may choose. */
  readonly shape: readonly (number | null)[];
  readonly check?: ValueCheck<DataOf<T>>;
}

/**
 * The tensors of a file, taken out one by one by those who know what each has to be. A checksum is
 * no signature: a file may come from anyone, so nothing of it is used before its type, shape and
 * values were compared with what is needed. What nobody asked for is refused.
 */
export class TensorStock {
  #left: Map<string, Tensor>;
  #prefix = '';
  readonly #what: string;

  /** @param what - Call and file, for messages: `RBM.load: model.safetensors`. */
  constructor(what: string, tensors: ReadonlyMap<string, Tensor>) {
    this.#what = what;
    this.#left = new Map(tensors);
  }

  /**
   * The tensors whose names begin with a prefix, by the rest of their names. What is taken there is
   * taken here.
   */
  within(prefix: string): TensorStock {
    const part = new TensorStock(this.#what, new Map());
    part.#left = this.#left;
    part.#prefix = this.#prefix + prefix;
    return part;
  }

  /**
   * Throws the error of a file that is not what it should be; `reason` goes on after the file's
   * name.
   */
  fail(reason: string, cause?: unknown): never {
    throw new FormatError(`${this.#what} ${reason}`, { cause });
  }

  /** Whether there is a tensor of that name that nobody has taken yet. */
  has(name: string): boolean {
    return this.#left.has(this.#prefix + name);
  }

  /** The shape of a tensor that was not taken yet; empty when there is none. */
  shape(name: string): readonly number[] {
    return this.#left.get(this.#prefix + name)?.shape ?? [];
  }

  /** Names of what was not taken yet. */
  names(): string[] {
    return [...this.#left.keys()].filter((name) => name.startsWith(this.#prefix)).map((name) => name.slice(this.#prefix.length));
  }

  /**
   * Takes a tensor out.
   *
   * @throws {@link FormatError} unless it is there and as wanted.
   */
  take<T extends TensorType>(short: string, { types, shape, check }: Wanted<T>): DataOf<T> {
    const name = this.#prefix + short;
    const tensor = this.#left.get(name);
    if (tensor === undefined) return this.fail(`lacks ${quoted(name)}`);
    this.#left.delete(name);
    if (!(types as readonly string[]).includes(tensor.dtype)) {
      return this.fail(`must hold ${quoted(name)} as ${types.join(' or ')}, got ${tensor.dtype}`);
    }
    if (tensor.shape.length !== shape.length || shape.some((n, i) => n !== null && n !== tensor.shape[i])) {
      const expected = shape.map((n) => n ?? 'any').join(', ');
      return this.fail(`must hold ${quoted(name)} of shape [${expected}], got [${tensor.shape.join(', ')}]`);
    }
    const data = tensor.data as DataOf<T>;
    const wrong = check?.(data, tensor.shape.at(-1) ?? 1);
    return wrong === undefined ? data : this.fail(`must hold ${quoted(name)} ${wrong}`);
  }

  /**
   * Takes a tensor out as it is, for somebody else to check; its type and its number of elements
   * are right.
   */
  takeWhole(short: string): Tensor {
    const name = this.#prefix + short;
    const tensor = this.#left.get(name);
    this.#left.delete(name);
    return tensor ?? this.fail(`lacks ${quoted(name)}`);
  }

  /** @throws {@link FormatError} when there is a tensor that nobody has taken. */
  assertEmpty(): void {
    const [name] = this.names();
    if (name !== undefined) this.fail(`holds an unknown tensor ${quoted(this.#prefix + name)}`);
  }
}

/** A name from a file, for messages: no more of it than one can read, and no control characters. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
