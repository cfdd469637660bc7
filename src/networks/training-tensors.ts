/**
 * The tensors of a training state: what a run of a network keeps, by name. The names are those of
 * native/learning/.
 */
import type { TensorStock, ValueCheck } from '../io/tensor-stock.js';
import type { NativeTrainerState } from '../machine/native.js';
import { finite, betas as nonNegative, parameterValues } from '../models/value-checks.js';
import type { NetworkSettings } from './options.js';

type Tensors = NativeTrainerState['tensors'];

/** A tensor of a training state. */
interface Kept {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly check: ValueCheck;
}

/** Where a training state is and what it belongs to. */
export interface SavedTraining {
  readonly stock: TensorStock;
  /** What the names of the state's tensors begin with there. */
  readonly prefix: string;
  /** Of the parameters, two to a layer. */
  readonly shapes: readonly { readonly name: string; readonly rows: number; readonly cols: number }[];
  readonly layers: readonly string[];
  readonly settings: NetworkSettings;
  /** Whether the run has begun. */
  readonly begun: boolean;
  /** Whether all of its tensors must be there. */
  readonly complete: boolean;
}

/** Takes the tensors of a training state out of a file. */
export function takeNetworkTensors({ stock, prefix, shapes, layers, settings, begun, complete }: SavedTraining): Tensors {
  const taken: Tensors = {};
  const take = (kept: readonly Kept[]): void => {
    for (const { name, shape, check } of kept) {
      if (!complete && !stock.has(prefix + name)) continue;
      const values = stock.take(prefix + name, { types: ['F32', 'F64'], shape, check });
      taken[name] = { rows: shape[0], cols: shape[1], values };
    }
  };
  const perParameter = (place: string, check: ValueCheck, wanted: (layer: string) => boolean = () => true): Kept[] =>
    shapes.flatMap(({ name, rows, cols }, i) =>
      wanted(layers[Math.floor(i / 2)] as string) ? [{ name: place + name, shape: [rows, cols] as const, check }] : [],
    );
  const { optimiser, averageLast, rates, onDivergence } = settings;
  const moves = (layer: string): boolean => !Object.hasOwn(rates, layer) || rates[layer] !== 0;
  const steps = (place: string): Kept[] => [
    // L-BFGS begins anew with every minibatch.
    ...(optimiser.name === 'lbfgs' ? [] : perParameter(`${place}velocity/`, finite())),
    ...(optimiser.name === 'adam' ? perParameter(`${place}second/`, nonNegative) : []),
    ...(averageLast > 0 ? perParameter(`${place}average/`, parameterValues, moves) : []),
  ];
  take(steps(''));
  if (onDivergence === null || !begun) return taken;
  for (const place of ['good/', 'newest/']) take([...perParameter(`${place}parameter/`, parameterValues), ...steps(place)]);
  return taken;
}
