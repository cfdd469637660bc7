/** Up–down learning of a stack of machines, and the bound of its likelihood: part of the addon's contract (native.ts). */
import type {
  NativeJob,
  NativeLayerRows,
  NativeMachine,
  NativeRows,
  NativeRunOf,
  NativeTrainerOptions,
  NativeTrainerState,
} from './native.js';

/**
 * Levels from the bottom: `up` are machines whose layer 1 is taken given layer 0 (recognition: weights and the units of layer 1), `down`
 * of the same wirings whose layer 0 is taken given layer 1 (generation: weights and the units of layer 0). Layer 1 of each level is layer
 * 0 of the next one, of the last one layer 0 of the top machine that is asked.
 */
export interface NativeLevels {
  up: NativeMachine[];
  down: NativeMachine[];
}

/** What every run has; see NativeTrainerOptions. Decay is on weights, not on biases. */
type NativeLoop = Pick<
  NativeTrainerOptions,
  | 'epochs'
  | 'batchSize'
  | 'shuffle'
  | 'optimiser'
  | 'momentum'
  | 'beta1'
  | 'beta2'
  | 'epsilon'
  | 'learningRates'
  | 'l1'
  | 'l2'
  | 'averageLast'
  | 'monitorRows'
  | 'onDivergence'
>;

/** Contrastive wake–sleep (Hinton, Osindero & Teh 2006, section 5 and appendix B). */
export interface NativeUpDownOptions extends NativeLevels, NativeLoop {
  /** Rows of layer 0 of the lowest level, none missing. */
  data: NativeRows;
  /** Rows of the top machine's layer of labels, none missing; null where it has none. */
  labels: NativeLayerRows | null;
  /** One weight per row, or null for ones. */
  sampleWeights: Float64Array | null;
  /** Gibbs sweeps of the top machine per update. */
  steps: number;
  /** Persistent chains of the top machine; 0: chains that start from the data (contrastive). */
  chains: number;
  /** Whether gradients are centred about the means of the states on the way up, which follow at this rate. */
  centred: boolean;
  offsetRate: number;
  /** What dreams hold at the bottom: means, as in the paper, or draws. Draws everywhere else. */
  dreams: 'mean' | 'sample';
  /** Factors of the learning rate: of every level, from the bottom, that of `up` and that of `down`; last the top's. 0 freezes. Null: ones. */
  rates?: Float64Array | null;
}

/** After each epoch of up–down learning. Means over the same rows at every epoch; NaN where there is no such number. */
export interface NativeUpDownReport {
  epoch: number;
  step: number;
  seconds: number;
  learningRate: number;
  /** Per level below the top, from the bottom: −log p(layer | the layer above) in nats a row, of rows on their way up. */
  generative: number[];
  /** Per level: −log q(layer above | layer) in nats a row, of dreams. */
  recognition: number[];
  /** Of the top machine: mean F of its chains' states minus mean F of rows on their way up. */
  freeEnergyGap: number;
  /** Root mean square of all weights. */
  weightNorm: number;
  rollbacks: number;
  /** Sentences without a full stop. */
  warnings: string[];
}

export type NativeUpDownTrainer = NativeRunOf<NativeUpDownReport>;

export interface NativeBeliefOptions extends NativeLevels {
  /** Rows of layer 0 of the lowest level: states, none missing. */
  rows: NativeRows;
  /** Draws of the layers above per row. */
  samples: number;
}

/** What the top machine of a stack answers. */
export interface NativeTopMachine {
  /**
   * A run over all machines, which are different ones of one device, of which none may be in the middle of a job (BUSY), and each is busy while it runs. Parameters in states are
   * called `up1/…`, `down1/…`, …, `top/…` and so on, each with the name that its machine has for it.
   */
  upDownTrainer(options: NativeUpDownOptions, state: NativeTrainerState | null, resume: boolean): NativeUpDownTrainer;
  /**
   * Per row the mean over draws h ~ q(h | v) of sum over levels of log p(h_(l-1) | h_l) + H(q) - F_top(h), in nats; minus log Z of the top
   * machine a lower bound of log p(v) (Salakhutdinov & Murray 2008, eq. 16). Layers of the top machine other than 0 are summed out. The
   * entropy of each level given the draw below is exact where it has a closed form.
   */
  beliefBound(options: NativeBeliefOptions): NativeJob<Float64Array>;
}
