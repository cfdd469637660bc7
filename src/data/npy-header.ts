import { FormatError } from '../errors.js';

/** What the header of an npy file says. */
export interface NpyHeader {
  /** Element type in numpy's short form, for example `<f4`. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: number[];
}

/**
 * Parses the dictionary in an npy header. It is a Python literal, of which only the part that numpy
 * writes is understood: text, True and False, and a tuple of whole numbers, under exactly the three
 * known keys.
 */
export function parseNpyHeader(text: string, what: string): NpyHeader {
  const scanner = new Scanner(text, what);
  scanner.expect(/\{/y);
  const fields = new Map<string, unknown>();
  while (!scanner.accept(/\}/y)) {
    const key = scanner.expect(/'(\w+)'|"(\w+)"/y);
    scanner.expect(/:/y);
    if (fields.has(key) || !Object.hasOwn(readers, key)) throw scanner.error(`the key '${key}' is unknown or there twice`);
    fields.set(key, (readers[key] as (s: Scanner) => unknown)(scanner));
    if (!scanner.accept(/,/y)) {
      scanner.expect(/\}/y);
      break;
    }
  }
  scanner.expect(/$/y);
  if (fields.size !== 3) throw scanner.error("one of 'descr', 'fortran_order' and 'shape' is missing");
  return {
    descr: fields.get('descr') as string,
    fortranOrder: fields.get('fortran_order') as boolean,
    shape: fields.get('shape') as number[],
  };
}

const readers: Record<string, (scanner: Scanner) => unknown> = {
  descr: (scanner) => {
    if (scanner.accept(/\[/y)) throw new FormatError(`${scanner.what} holds records: only arrays of one number type can be read`);
    return scanner.expect(/'([^'\\]*)'|"([^"\\]*)"/y);
  },
  fortran_order: (scanner) => scanner.expect(/(True|False)\b/y) === 'True',
  shape: readTuple,
};

/** (), (3,) or (3, 4); Python 2 wrote long numbers with an L. */
function readTuple(scanner: Scanner): number[] {
  const shape: number[] = [];
  scanner.expect(/\(/y);
  while (!scanner.accept(/\)/y)) {
    const size = Number(scanner.expect(/(\d{1,16})L?/y));
    if (!Number.isSafeInteger(size) || shape.length === 32) throw scanner.error('its shape is beyond reason');
    shape.push(size);
    if (scanner.accept(/,/y)) continue;
    scanner.expect(/\)/y);
    // Without a comma the parentheses would be just that: (3) is a number, not a tuple.
    if (shape.length === 1) throw scanner.error('its shape is not a tuple');
    break;
  }
  return shape;
}

class Scanner {
  private position = 0;

  constructor(
    private readonly text: string,
    readonly what: string,
  ) {}

  /** Skips blanks and takes what a sticky pattern matches: its first group, or all of it. */
  take(pattern: RegExp): string | undefined {
    const blanks = /[ \t\r\n]*/y;
    blanks.lastIndex = this.position;
    blanks.exec(this.text);
    pattern.lastIndex = blanks.lastIndex;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.position = pattern.lastIndex;
    return match[1] ?? match[2] ?? match[0];
  }

  accept(pattern: RegExp): boolean {
    return this.take(pattern) !== undefined;
  }

  expect(pattern: RegExp): string {
    const found = this.take(pattern);
    if (found === undefined) throw this.error(`character ${this.position + 1} is not as numpy writes it`);
    return found;
  }

  error(reason: string): FormatError {
    return new FormatError(`${this.what} has a damaged npy header: ${reason}`);
  }
}
