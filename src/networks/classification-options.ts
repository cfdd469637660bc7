/** How a classification RBM is made, trained and asked. */

import type { Patience } from '../machine/patience.js';
import type { LayerClamps, LayerRows } from '../models/by-layer.js';
import type { SampleOptions } from '../models/sample-options.js';
import type { LabelMetric } from '../training/best.js';
import type { Objective } from '../training/options.js';
import type { FitOptions, PartialFitOptions } from '../training/plan.js';
import type { PartName } from '../wiring/names.js';
import type { StartOptions } from '../wiring/place.js';
import type { Units } from '../wiring/units.js';
import type { CalibrationOptions } from './calibration.js';
import type { ClassScores } from './class-scores.js';
import type { ClassLabels, ClassName } from './classes.js';
import type { ClassifierValidation } from './classifier.js';

/** How to construct a {@link ClassificationRBM}. */
export interface ClassificationRBMOptions<L extends ClassName = number> extends StartOptions {
  /** Visible units: how many Bernoulli units, or units of another type such as `gaussian(20)`. */
  readonly visible: number | Units;
  /**
   * How many classes there are, which are called 0, 1, 2 and so on; or what they are called, texts
   * or numbers. 2 to 4096.
   */
  readonly classes: number | readonly L[];
  /** Hidden units: how many Bernoulli units, or units of another type. */
  readonly hidden: number | Units;
}

/** The layers of a {@link ClassificationRBM}, and how they are coupled. */
export type LabelledLayers = { readonly visible: Units; readonly labels: Units<'softmax'>; readonly hidden: Units };
export type LabelledCouplings = readonly [readonly ['visible', 'hidden'], readonly ['labels', 'hidden']];
export type LabelledRows = LayerRows<keyof LabelledLayers>;
export type LabelledClamps = LayerClamps<keyof LabelledLayers>;
type Part = PartName<LabelledLayers, LabelledCouplings>;

/** What is learnt. */
interface WithObjective {
  /** See {@link Objective}. Default `{ hybrid: 0.01 }`. */
  readonly objective?: Objective | undefined;
}

/** How to train: as other machines, with an objective and labelled validation rows. */
export type LabelledFitOptions<L extends ClassName = number> = FitOptions<ClassifierValidation<L>, Part, LabelMetric> & WithObjective;

/** How to train on the next part of a stream. */
export type LabelledPartialFitOptions = PartialFitOptions<Part> & WithObjective;

/** How probabilities of classes are worked out. */
export interface ProbabilityOptions extends Patience {
  /** Temperature of the probabilities, above 0, as `bestTemperature` finds it. Default 1. */
  readonly temperature?: number | undefined;
}

/** How rows are classified. */
export interface LabelOptions extends ProbabilityOptions {
  /**
   * The least probability, in [0, 1], that the likeliest class must have: of a row without such a
   * class null comes back. Default 0: none is rejected.
   */
  readonly reject?: number | undefined;
}

/** How samples are drawn; `label`: the class of all of them, or one for each. */
export type LabelledSampleOptions<L extends ClassName = number> = SampleOptions<LabelledRows, LabelledClamps, keyof LabelledLayers> & {
  /** The class that is held, of all chains or of each. Default: none. */
  readonly label?: L | ClassLabels<L> | undefined;
};

/** How rows of known classes are judged. */
export type AssessOptions = CalibrationOptions & ProbabilityOptions;

/** What a {@link ClassificationRBM} is worth on rows of known classes. */
export interface LabelledAssessment<L extends ClassName> extends ClassScores<L> {
  /** Share of rows whose likeliest class is not theirs. */
  readonly error: number;
  /** Mean −log p(class | row), in nats. */
  readonly loss: number;
}
