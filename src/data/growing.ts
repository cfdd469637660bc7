type Numbers = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** A list of numbers that grows. */
export class Growing<A extends Numbers> {
  #values: A;
  #length = 0;

  constructor(private readonly make: (length: number) => A) {
    this.#values = make(1024);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = this.make(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  at(index: number): number {
    return this.#values[index] as number;
  }

  /** The numbers so far; a view. */
  get values(): A {
    return this.#values.subarray(0, this.#length) as A;
  }
}

export const growingFloats = () => new Growing<Float64Array>((length) => new Float64Array(length));
export const growingIntegers = () => new Growing<Int32Array>((length) => new Int32Array(length));
export const growingSingles = () => new Growing<Float32Array>((length) => new Float32Array(length));
export const growingNumbers = () => new Growing<Uint32Array>((length) => new Uint32Array(length));
export const growingBytes = () => new Growing<Uint8Array>((length) => new Uint8Array(length));
