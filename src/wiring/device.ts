/** Where a model computes: how a device is named, and how a name is read. */
import type { OptionCheck } from '../arguments.js';
import { didYouMean } from '../suggest.js';

/**
 * Where a model is asked to compute. 'auto': what BOLTZKIT_DEVICE names, else the processor.
 * 'reference': plain loops in double precision, for checking. 'cuda:N': the GPU with the number N,
 * from 0; 'cuda' is 'cuda:0'.
 */
export type Device = 'auto' | 'cpu' | 'reference' | 'cuda' | `cuda:${number}`;

const words = ['auto', 'cpu', 'reference', 'cuda'] as const satisfies readonly Device[];

/** What a device may be called, for messages. */
export const deviceForms = "'auto', 'cpu', 'reference', 'cuda' or 'cuda:N' with a whole number N";

/** The device that a value names, 'cuda' as 'cuda:0'; undefined where it names none. */
export function namedDevice(value: unknown): Device | undefined {
  if (typeof value !== 'string') return undefined;
  if (value === 'cuda') return 'cuda:0';
  if (/^cuda:(?:0|[1-9]\d{0,8})$/.test(value)) return value as Device;
  return words.find((word) => word === value);
}

/** The name that was probably meant, as a hint; nothing where none is near. */
export function nearDevice(value: unknown): string {
  return didYouMean(value, words);
}

/**
 * Reads an option that names a device; 'auto' where it is left out.
 *
 * @throws ParameterError for anything else than {@link deviceForms}.
 */
export function readDevice(check: OptionCheck, name: string, value: unknown): Device {
  const device = value === undefined ? 'auto' : namedDevice(value);
  if (device === undefined) throw check.error(name, deviceForms, value, nearDevice(value));
  return device;
}

/** The number of the GPU; undefined of a device that is none. */
export function cudaOrdinal(device: Device): number | undefined {
  const match = /^cuda:(\d+)$/.exec(device === 'cuda' ? 'cuda:0' : device);
  return match === null ? undefined : Number(match[1]);
}
