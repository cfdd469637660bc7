import type { FitOptions, PartialFitOptions } from '../training/plan.js';
import type { TrainingRun } from '../training/run.js';
import type { Couplings, Layers, PartName } from '../wiring/names.js';
import { MachineQuestions } from './machine-questions.js';

/** A machine that learns from rows (`Rows`) alone; what it can be asked is {@link MachineQuestions}. */
export abstract class MachineModel<Rows, Clamp, const L extends Layers, const C extends Couplings> extends MachineQuestions<
  Rows,
  Clamp,
  L,
  C
> {
  /**
   * Trains on rows, in which values may be missing (NaN, null or 0 in a mask): each update fills them in by `positiveSweeps` Gibbs sweeps given
   * the others, which follows the gradient of the likelihood of what is there, provided that values are missing at random. Without options: 30,000
   * updates, about 40 seconds for 784–500 units on two cores; `run.progress` says how long it takes, `verbose: true` shows it. Called again, it goes
   * on from where the model stands.
   *
   * Rows are copied in a compact form before the first update (small inputs before the call returns). When the run ends early, by a signal, an
   * error or `stop()`, the model stands at its last complete update. The same seed gives the same bits for any number of threads.
   *
   * @returns A run to `await` or to iterate over with `for await`.
   * @throws Through the run: {@link ParameterError}, {@link ShapeError}, {@link DisposedError}; {@link BusyError} while another run is under way;
   *   {@link DivergenceError} when parameters would stop being finite; the signal's reason when aborted.
   */
  fit(rows: Rows, options?: FitOptions<Rows, PartName<L, C>>): TrainingRun {
    const call = this.call('fit');
    const validation = (given: unknown) => this.inputs(call, 'validation', given);
    return this.run(call, () => this.inputs(call, 'data', rows), validation, options);
  }

  /**
   * Trains on the next part of a stream: one update per `batchSize` rows, in the order given. Chains and the optimiser's memory are kept from call
   * to call. Waits for the calls before it, as those that only read do.
   *
   * @throws As {@link fit}.
   */
  async partialFit(rows: Rows, options?: PartialFitOptions<PartName<L, C>>): Promise<void> {
    const call = this.call('partialFit');
    await this.stream(call, this.inputs(call, 'data', rows), options);
  }
}
