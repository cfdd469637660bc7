import { pause } from './pause.js';

// A few milliseconds of work between pauses.
const slice = 1 << 20;

/** The values of all grey levels: level / 255 as single precision. */
export const greyLevels = new Float32Array(256).map((_, level) => level / 255);

/** Bytes as values from 0 to 1, level / 255 each, with pauses for the event loop. */
export async function fromGreyLevels(bytes: Uint8Array): Promise<Float32Array> {
  const values = new Float32Array(bytes.length);
  for (let begin = 0; begin < bytes.length; begin += slice) {
    const end = Math.min(begin + slice, bytes.length);
    for (let i = begin; i < end; i++) values[i] = greyLevels[bytes[i] as number] as number;
    await pause();
  }
  return values;
}
