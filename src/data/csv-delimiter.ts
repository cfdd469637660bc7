import { constants, gunzipSync } from 'node:zlib';

const candidates = [',', ';', '\t', '|'] as const;

/** Lines that are looked at. */
const mostLines = 50;

/** Bytes of a file that are looked at; a packed file's may become a thousand times as many. */
export const headBytes = { plain: 1 << 16, packed: 1 << 13 } as const;

/**
 * The first bytes of a file, unpacked if need be; what is damaged ends them, and its reader will
 * say so.
 */
export function unpackedHead(head: Uint8Array, packed: boolean): Uint8Array {
  if (!packed) return head;
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * Finds what separates the fields of a table: of comma, semicolon, tab and bar the one that cuts
 * the most lines into as many fields as the first line, and of equally good ones that with the most
 * fields. A comma if none cuts anything.
 *
 * @param text - The start of the file; a last line that may be cut is left out.
 */
export function findDelimiter(text: string): string {
  let best = { delimiter: ',', agreeing: 0, fields: 1 };
  for (const delimiter of candidates) {
    const counts = fieldCounts(text, delimiter);
    const fields = counts[0] ?? 1;
    if (fields === 1) continue;
    const agreeing = counts.filter((count) => count === fields).length / counts.length;
    if (agreeing > best.agreeing || (agreeing === best.agreeing && fields > best.fields)) best = { delimiter, agreeing, fields };
  }
  return best.delimiter;
}

/** Fields of the first lines, empty ones left out; what stands between quotes separates nothing. */
function fieldCounts(text: string, delimiter: string): number[] {
  const counts: number[] = [];
  let [fields, quoted, empty] = [1, false, true];
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === delimiter) fields++;
    else if (character === '\n' || character === '\r') {
      if (!empty) counts.push(fields);
      if (counts.length === mostLines) return counts;
      [fields, empty] = [1, true];
      continue;
    }
    empty = false;
  }
  if (counts.length === 0 && !empty) counts.push(fields);
  return counts;
}
