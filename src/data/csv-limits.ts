import { Transform } from 'node:stream';
import { FormatError } from '../errors.js';
import { tooLarge } from './unpacking.js';

const lineEnd = 10;
const carriageReturn = 13;

/**
 * Passes the bytes of a table on and ends with an error when a line has more columns than
 * `maxColumns`: a parser makes a string of every field before anyone can look at how many there
 * are.
 */
export function columnLimit(what: string, delimiter: string, maxColumns: number): Transform {
  const mark = Buffer.from(delimiter).at(-1) as number;
  let columns = 1;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      for (let i = 0; i < chunk.length; i++) {
        const byte = chunk[i];
        if (byte === mark) columns++;
        else if (byte === lineEnd || byte === carriageReturn) columns = 1;
        if (columns > maxColumns)
          return done(new FormatError(`${what} has a line of more than ${maxColumns} columns; raise \`maxColumns\``));
      }
      done(null, chunk);
    },
  });
}

/** Passes bytes on and ends with an error when there are more than `most`. */
export function byteLimit(what: string, most: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      bytes += chunk.length;
      if (bytes > most) done(new FormatError(tooLarge(what, most)));
      else done(null, chunk);
    },
  });
}
