/** A list of numbers that grows. */
export class Growing<A extends Float64Array | Int32Array> {
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

  /** The numbers so far; a view. */
  get values(): A {
    return this.#values.subarray(0, this.#length) as A;
  }
}

export const growingFloats = () => new Growing<Float64Array>((length) => new Float64Array(length));
export const growingIntegers = () => new Growing<Int32Array>((length) => new Int32Array(length));
