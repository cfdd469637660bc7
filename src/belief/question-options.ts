/** What the calls of a network take, training apart. */
import type { Patience } from '../machine/patience.js';
import type { ClassName } from '../networks/classes.js';
import type { Loss, NetworkStart } from '../networks/layers.js';
import type { Activities, BeliefTraining } from './record.js';

/** What a layer is asked for by: its name or its number, 0 the visible one. */
export type LayerChoice = string | number;

/** How to turn rows into features. */
export interface TransformOptions extends Patience {
  /**
   * The layer whose values come back: its name, such as 'hidden2', or number. Default: the last
   * one.
   */
  readonly layer?: LayerChoice | undefined;
  /** Means, or a draw of every layer on the way. Default 'mean'. */
  readonly draw?: Activities | undefined;
}

/** How to tell classes. */
export interface ClassifyOptions extends Patience {
  /**
   * Passes up in which every layer is drawn, whose probabilities are averaged. 0 (default): one
   * pass of means.
   */
  readonly draws?: number | undefined;
}

/** How to make a classifier of a network. */
export interface UnrolledClassifierOptions<L extends ClassName = number> extends NetworkStart {
  /** How many classes there are, which are called 0, 1, 2 and so on; or what they are called. */
  readonly classes: number | readonly L[];
}

/** How to make an autoencoder of a network. */
export interface UnrolledAutoencoderOptions extends NetworkStart {
  /** What reconstructions are measured by. Default 'likelihood'. */
  readonly loss?: Loss | undefined;
}

/** How to construct a deep autoencoder. */
export interface DeepAutoencoderOptions extends UnrolledAutoencoderOptions {
  /** Standard deviation of the start weights of the machines. Default 0.01. */
  readonly weightScale?: number | undefined;
}

/** A network as JSON and as `console.log` show it. */
export interface NetworkSummary {
  /** The class. */
  readonly model: string;
  /** Units of every layer, such as 'bernoulli(784)'. */
  readonly layers: Readonly<Record<string, string>>;
  /** Classes; null without labels. */
  readonly labels: number | null;
  /** Whether the halves that go up and down differ. */
  readonly untied: boolean;
  /** Decimal digits: a seed may be larger than a number holds. */
  readonly seed: string;
  /** What computes. */
  readonly device: string;
  /** Its last run; null before the first. */
  readonly training: BeliefTraining | null;
}
