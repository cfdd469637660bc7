import type { NativeArray, NativeMachine } from './native.js';

/** What every model of the addon has, whatever it computes. */
export type NativeModel = Pick<
  NativeMachine,
  'parameters' | 'getParameter' | 'setParameter' | 'getCounters' | 'setCounters' | 'passesAtOnce' | 'busy' | 'disposed' | 'dispose'
>;

/** Parameters by name, as the backend has them. */
export type Parameters = ReadonlyMap<string, { readonly shape: readonly [number, number]; readonly values: NativeArray }>;

/** Copies of all parameters of a model, read while nothing else touches it. */
export function readParameters(native: NativeModel): Parameters {
  return new Map(native.parameters().map(({ name, rows, cols }) => [name, { shape: [rows, cols], values: native.getParameter(name) }]));
}
