import type { RowsInput } from '../data/rows-input.js';
import { Autoencoder, type AutoencoderOptions } from '../networks/autoencoder.js';
import type { NetworkRun } from '../networks/network-model.js';
import type { NetworkFitOptions } from '../networks/plan.js';
import type { TrainingRun } from '../training/run.js';
import type { DeepBeliefNetwork } from './network.js';
import type { PretrainOptions } from './pretrain-options.js';
import type { LevelReport } from './reports.js';

/** What a deep autoencoder needs of the network that it is unrolled from. */
export interface Unrolled {
  readonly dbn: DeepBeliefNetwork;
  /** Pretrains, and then does something more before the run is over. */
  pretrain(rows: RowsInput, options: PretrainOptions | undefined, then: () => void): TrainingRun<LevelReport>;
  /** Copies what the levels have learnt. */
  unroll(target: Autoencoder): void;
  /** What to say of levels that nobody trained. */
  warning(): string | null;
}

/**
 * A deep autoencoder with its pretraining (Hinton & Salakhutdinov 2006): a stack of machines,
 * trained one after the other, is unrolled into an encoder and a decoder, which are then trained
 * together. Made by `DeepBeliefNetwork.autoencoder`; its files are those of an {@link Autoencoder}.
 *
 * @example
 * ```ts
 * import { DeepBeliefNetwork } from 'boltzkit';
 *
 * const rows = [[1, 1, 0, 0], [0, 0, 1, 1]];
 * const ae = DeepBeliefNetwork.autoencoder([4, 3, 1], { seed: 1 });
 * await ae.pretrain(rows, { epochs: 100 });
 * await ae.fit(rows, { epochs: 100 });
 * const codes = await ae.encode(rows); // [2, 1]
 * const back = await ae.decode(codes); // [2, 4]
 * ae.dispose();
 * ```
 */
export class DeepAutoencoder extends Autoencoder {
  readonly #unrolled: Unrolled;

  /** @internal */
  constructor(options: AutoencoderOptions, unrolled: Unrolled) {
    super(options);
    this.#unrolled = unrolled;
  }

  /**
   * The stack of machines: its files keep an interrupted pretraining. Its parameters are copied
   * when a run of {@link pretrain} is over.
   */
  get dbn(): DeepBeliefNetwork {
    return this.#unrolled.dbn;
  }

  /**
   * Pretrains level by level, as `DeepBeliefNetwork.pretrain`, and unrolls the result when the last
   * level is over.
   *
   * @throws Through the run, as there; {@link BusyError} when calls of this autoencoder are under
   *   way at its end.
   */
  pretrain(rows: RowsInput, options?: PretrainOptions): TrainingRun<LevelReport> {
    return this.#unrolled.pretrain(rows, options, () => this.#unrolled.unroll(this));
  }

  /** Fine-tunes as an {@link Autoencoder} learns; without pretraining the first report says so. */
  override fit(rows: RowsInput, options?: NetworkFitOptions<RowsInput>): NetworkRun {
    const warning = this.training === null ? this.#unrolled.warning() : null;
    if (warning !== null) this.announce(warning);
    return super.fit(rows, options);
  }

  /** Ends the stack of machines too. */
  override dispose(): void {
    this.dbn.dispose();
    super.dispose();
  }
}
