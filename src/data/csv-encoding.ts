import { Transform } from 'node:stream';

/** Encodings other than UTF-8 that a file says it is in. */
export type WideEncoding = 'utf-16le' | 'utf-16be';

/** Tells UTF-16 by its byte order mark, which Excel's "Unicode text" has; undefined for anything else. */
export function wideEncoding(head: Uint8Array): WideEncoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : undefined;
}

/** Passes UTF-16 on as UTF-8, without the mark. */
export function toUtf8(encoding: WideEncoding): Transform {
  const decoder = new TextDecoder(encoding);
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      done(null, Buffer.from(decoder.decode(chunk, { stream: true })));
    },
    flush(done) {
      done(null, Buffer.from(decoder.decode()));
    },
  });
}
