/**
 * The variational bound of log p(v) (Salakhutdinov & Hinton, "Deep Boltzmann machines", AISTATS
 * 2009, section 2.2): log p(v) ≥ −⟨E(v, h)⟩_q + H(q) − log Z, where q has independent hidden
 * units, whose means solve the mean-field equations.
 */
import { type BeliefEvaluation, meanBound } from '../belief/bound.js';
import { array } from '../data/ndarray.js';
import type { EvaluateControl, EvaluateOptions } from '../estimators/evaluate-options.js';
import { partitionWithin } from '../estimators/evaluation.js';
import type { LayerInput } from '../machine/host.js';
import type { Machine } from '../machine/machine.js';

/** How to solve the mean-field equations. */
export interface MeanFieldOptions {
  /** Sweeps over the hidden layers, which begin at zero. Default 30. */
  readonly sweeps?: number | undefined;
}

/** How the bound is estimated: log Z as by `evaluate`. */
export interface VariationalBoundOptions extends EvaluateOptions, MeanFieldOptions {}

/** The bound of rows of some layers. */
export async function variationalBound(
  machine: Machine,
  call: string,
  input: LayerInput,
  sweeps: number,
  control: EvaluateControl,
): Promise<BeliefEvaluation> {
  const { signal } = control.patience;
  signal?.throwIfAborted();
  machine.assertReadable(call);
  const packing = machine.pack([input], signal, false);
  packing.catch(() => undefined); // whoever waits for the turn hears of it
  const work = async (native: Machine['native']): Promise<BeliefEvaluation> => {
    const packed = await packing;
    // Rows first: what is wrong with them shows before the long part.
    const sums = await machine.run(call, () => native.meanFieldBound(packed, sweeps), { signal });
    const { effectiveSampleSize, converged, warnings, ...logZ } = await partitionWithin(machine, native, packed, control, call);
    const values = sums.map((sum) => sum - logZ.value);
    const bound = meanBound(values, logZ, 0, input.host.cols);
    return { bound, logZ, bounds: array(values, [values.length]), effectiveSampleSize, converged, warnings };
  };
  return machine.exclusive(call, work, signal);
}
