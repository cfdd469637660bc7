/** Lists of ids and texts in files: one JSON value per line, because a single JSON text has a largest length. */
import type { Tensor } from '../io/safetensors.js';
import type { TensorStock } from '../io/tensor-stock.js';

/** Values that are put into text, or taken out of it, at once. */
const stretch = 1 << 16;
const newline = 10;

/** Values as a tensor of bytes. */
export function tensorOfValues(values: Iterable<string | number>): Tensor {
  const parts: Buffer[] = [];
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) parts.push(Buffer.from(`${lines.join('\n')}\n`, 'utf8'));
    lines = [];
  };
  for (const value of values) if (lines.push(JSON.stringify(value)) === stretch) flush();
  flush();
  const data = new Uint8Array(Buffer.concat(parts));
  return { dtype: 'U8', shape: [data.length], data };
}

/** Takes such a tensor, and reads its values, each of which `isGood` must accept. */
export function takeValues<T>(stock: TensorStock, name: string, isGood: (value: unknown) => value is T, expected: string): T[] {
  const bytes = stock.take(name, { types: ['U8'], shape: [null] });
  const values: T[] = [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let begin = 0; begin < text.length; ) {
    let [end, lines] = [begin, 0];
    for (; end < text.length && lines < stretch; end++) if (text[end] === newline) lines++;
    const read = parse(text.toString('utf8', begin, text[end - 1] === newline ? end - 1 : end));
    const wrong = read?.find((value) => !isGood(value));
    if (read === undefined || wrong !== undefined || read.length !== lines) stock.fail(`must hold "${name}" as ${expected}, one to a line`);
    for (const value of read) values.push(value as T);
    begin = end;
  }
  return values;
}

function parse(lines: string): unknown[] | undefined {
  try {
    return JSON.parse(`[${lines.replaceAll('\n', ',')}]`) as unknown[];
  } catch {
    return undefined;
  }
}
