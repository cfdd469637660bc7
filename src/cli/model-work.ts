/** Questions whose form depends on the kind of the model. */
import type { Patience } from '../machine/patience.js';
import { BoltzmannMachine } from '../models/boltzmann-machine.js';
import type { LayerRows } from '../models/by-layer.js';
import type { ImputeOptions } from '../models/impute.js';
import { RBM } from '../models/rbm.js';
import type { Matrix } from '../models/results.js';
import { hiddenLayer } from '../runs/model.js';
import type { GivenRows } from '../runs/rows.js';
import type { OpenedModel } from './model-file.js';

type Model = OpenedModel['model'];
type Rows = Parameters<RBM['fit']>[0];

/** Units of which a mean is no state, so that rows are completed by draws. */
const whole: readonly string[] = ['binomial', 'counts'];

/**
 * The means of the hidden units given rows, [n, hidden]; what rows lack is averaged over, or filled
 * in first.
 */
export async function features(model: Model, rows: GivenRows, complete: boolean, options: Patience): Promise<Matrix> {
  if (!(model instanceof RBM)) {
    const given = rows as LayerRows;
    return complete ? model.mean(hiddenLayer, given, options) : model.marginals(hiddenLayer, given, options);
  }
  if (complete) return model.transform(rows as Rows, options);
  const output = whole.includes(model.layers.visible.type) ? 'sample' : 'mean';
  return model.transform(await model.impute(rows as Rows, { output, ...options }), options);
}

/** Rows with what they lack filled in, in the form in which the model takes them. */
export function imputed(model: Model, rows: GivenRows, options: ImputeOptions): Promise<GivenRows> {
  return model instanceof RBM ? model.impute(rows as Rows, options) : (model.impute(rows as LayerRows, options) as Promise<GivenRows>);
}

/** The layers of a model with rows: all but the hidden one. */
export function dataLayers({ layers }: Model): string[] {
  return Object.keys(layers).filter((name) => name !== hiddenLayer);
}

/** The same parameters with another seed, which decides what the model draws. */
export function reseeded(model: Model, seed: bigint | undefined, threads: number): Model {
  if (seed === undefined) return model;
  const place = { device: model.device, threads, seed };
  const other = model instanceof RBM ? new RBM({ ...model.layers, ...place }) : rewired(model, place);
  const [to, from]: { setParameter(name: string, values: unknown): void; getParameter(name: string): unknown }[] = [other, model];
  for (const name of model.parameterNames) to?.setParameter(name, from?.getParameter(name));
  model.dispose();
  return other;
}

function rewired(machine: BoltzmannMachine, place: { readonly device: Model['device']; readonly threads: number; readonly seed: bigint }) {
  const couplings = machine.couplings.map(([a, b]) => {
    const edges = a === b ? machine.edges(a) : null;
    return edges === null ? ([a, b] as const) : ([a, b, { edges }] as const);
  });
  return new BoltzmannMachine({ layers: machine.layers, couplings, ...place });
}
