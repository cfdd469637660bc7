/** Sound files of models and chains, and changes of them that leave their checksum right. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { BoltzmannMachine, type FitOptions, type LayerRows, pcd } from '../../src/index.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../../src/io/safetensors.js';

/** A file taken apart. */
export interface Parts {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

/** Writes a changed copy of a file. */
export async function altered(from: string, to: string, change: (parts: Parts) => void): Promise<string> {
  const { tensors, metadata } = decodeSafetensors(await readFile(from), 'test');
  const parts = { tensors: new Map([...tensors].map(([name, t]) => [name, { ...t, data: t.data.slice() } as Tensor])), metadata };
  change(parts);
  await writeFile(to, encodeSafetensors(parts.tensors, parts.metadata));
  return to;
}

/** The JSON that the metadata hold under a key, changed. */
export function editJson({ metadata }: Parts, key: string, edit: (json: Record<string, never>) => unknown): void {
  metadata[key] = JSON.stringify(edit(JSON.parse(metadata[key] as string)));
}

/** A tensor of zeros. */
export function zeros(shape: number[]): Tensor {
  return { dtype: 'F32', shape, data: new Float32Array(shape.reduce((product, n) => product * n, 1)) };
}

/** Trains a machine up to its fifth update and leaves its checkpoint. */
export async function interrupted(
  machine: BoltzmannMachine,
  path: string,
  data: Record<string, number[][]>,
  options: FitOptions<LayerRows>,
) {
  const { signal } = new AbortController();
  signal.throwIfAborted = () => {
    if (existsSync(path)) throw new Error('saved');
  };
  const whole = { epochs: 4, batchSize: 2, algorithm: pcd({ chains: 3 }), monitorRows: 0, ...options };
  await machine.fit(data, { ...whole, signal, checkpoint: { path, every: 5 } }).catch((error: unknown) => {
    if ((error as Error).message !== 'saved') throw error;
  });
  return path;
}

/** Loads a machine, and gives it up at once. */
export async function loads(path: string): Promise<void> {
  (await BoltzmannMachine.load(path)).dispose();
}
