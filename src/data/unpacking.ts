import { OptionCheck, readOptions } from '../arguments.js';

/** How much a compressed file may become. */
export interface UnpackOptions {
  /**
   * The most bytes that a gzip file may unpack to. Default: 100 times its own size, but at least 64
   * MiB; a file of 64 KB made of zeros would otherwise take gigabytes.
   */
  readonly maxUnpackedBytes?: number;
}

const usualFactor = 100;
const usualLeast = 2 ** 26;

/** Reads the options of a call that has no others. */
export function readUnpackOptions(call: string, options: unknown): UnpackOptions {
  const { maxUnpackedBytes } = readOptions(call, options, ['maxUnpackedBytes']);
  return maxUnpackedBytes === undefined
    ? {}
    : { maxUnpackedBytes: new OptionCheck(call).integer('maxUnpackedBytes', maxUnpackedBytes, undefined) };
}

/** The most bytes that a file of this size may unpack to. */
export function unpackedLimit(packedBytes: number, { maxUnpackedBytes }: UnpackOptions): number {
  return maxUnpackedBytes ?? Math.max(usualLeast, usualFactor * packedBytes);
}

/** What to say of a file that would become larger. */
export function tooLarge(what: string, limit: number): string {
  return `${what} unpacks to more than ${limit} bytes; if it is to be trusted, raise \`maxUnpackedBytes\``;
}
