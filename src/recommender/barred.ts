/** Marks of items that are no candidates, in memory that is used again for the next user. */
export class Barred {
  readonly #marks: Uint32Array;
  #round = 0;

  constructor(items: number) {
    this.#marks = new Uint32Array(items);
  }

  /** Marks anew. What it returns holds until the next call. */
  start(seen: Uint32Array | undefined, deny: ReadonlySet<number>): (item: number) => boolean {
    const [marks, round] = [this.#marks, ++this.#round];
    for (const item of seen ?? []) marks[item] = round;
    for (const item of deny) marks[item] = round;
    return (item) => marks[item] === round;
  }
}
