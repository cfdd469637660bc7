import { describe, expect, it } from 'vitest';
import { binarised, isBinary } from '../../src/runs/binarise.js';
import type { Matrix } from '../../src/runs/matrix.js';

const bytes = (values: number[], cols = values.length): Matrix => ({
  data: Uint8Array.from(values),
  rows: values.length / cols,
  cols,
  scale: 1 / 255,
});

const floats = (values: number[]): Matrix => ({ data: Float32Array.from(values), rows: 1, cols: values.length, scale: 1 });

describe('making grey levels binary', () => {
  it('leaves them alone unless asked', async () => {
    const grey = bytes([0, 100, 255]);
    expect(await binarised(grey, 'none', 1n, 0)).toBe(grey);
  });

  it('a threshold cuts above one half: of bytes from 128 on', async () => {
    expect(await binarised(bytes([0, 127, 128, 255], 2), 'threshold', 1n, 0)).toEqual({
      data: Uint8Array.of(0, 0, 1, 1),
      rows: 2,
      cols: 2,
      scale: 1,
    });
    expect((await binarised(floats([0, 0.5, 0.500001, 1]), 'threshold', 1n, 0)).data).toEqual(Uint8Array.of(0, 0, 1, 1));
  });

  it('draws are fixed by seed, stream and place; zeros and ones stay', async () => {
    const grey = bytes(Array.from({ length: 4000 }, (_, i) => [0, 255, 90, 200][i % 4]!));
    const draw = async (seed: bigint, stream: number, matrix = grey) => Array.from((await binarised(matrix, 'sample', seed, stream)).data);
    const first = await draw(1n, 0);
    expect(await draw(1n, 0)).toEqual(first);
    expect(await draw(2n, 0)).not.toEqual(first);
    expect(await draw(1n, 1)).not.toEqual(first);
    expect(first.filter((bit, i) => i % 4 < 2 && bit !== i % 4)).toEqual([]);
    // The first rows of more data are drawn alike.
    expect(await draw(1n, 0, bytes([...grey.data].slice(0, 2000)))).toEqual(first.slice(0, 2000));
  });

  it('each is 1 with its own probability, independent of its neighbours', async () => {
    const n = 40_000;
    const levels = [26, 102, 204];
    const grey = bytes(Array.from({ length: n }, (_, i) => levels[i % 3]!));
    const { data } = await binarised(grey, 'sample', 7n, 3);
    const centred = Array.from(
      data,
      (bit, i) => (bit - levels[i % 3]! / 255) / Math.sqrt((levels[i % 3]! / 255) * (1 - levels[i % 3]! / 255)),
    );
    const z = (terms: number[]) => terms.reduce((sum, term) => sum + term, 0) / Math.sqrt(terms.length);
    // Six statistics that are standard normal: a false alarm in 10^5 at 5.2 standard errors.
    for (const level of [0, 1, 2]) expect(Math.abs(z(centred.filter((_, i) => i % 3 === level)))).toBeLessThan(5.2);
    for (const lag of [1, 2, 4]) expect(Math.abs(z(centred.slice(lag).map((value, i) => value * centred[i]!)))).toBeLessThan(5.2);
  });

  it('tells rows of zeros and ones from others, whatever their scale', () => {
    expect(isBinary(bytes([0, 255]))).toBe(true);
    expect(isBinary(bytes([0, 1]))).toBe(false);
    expect(isBinary(floats([0, 1, 1]))).toBe(true);
    expect(isBinary(floats([0, 0.999, 1]))).toBe(false);
    expect(isBinary(floats([Number.NaN]))).toBe(false);
  });
});
