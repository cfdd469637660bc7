/** What an evaluation found, as plain objects. */

/** One measure of one model. */
export interface Measured {
  readonly name: string;
  /** NaN where the model has nothing to be measured by: ratings of a model of interactions. */
  readonly value: number;
  /** 95 % bootstrap interval over users; null of measures that are no mean over users. */
  readonly interval: readonly [number, number] | null;
}

/** A bin of predicted chances P(r ≥ t) and what came of them; `predicted` and `observed` are NaN where it is empty. */
export interface Calibration {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly predicted: number;
  readonly observed: number;
}

/** One model's results. */
export interface ModelResult {
  readonly model: string;
  readonly measures: readonly Measured[];
  /** By name of the measure, where one was asked for. */
  readonly calibration: Readonly<Record<string, readonly Calibration[]>>;
  /** Seconds that training took, where the evaluation did it. */
  readonly fitSeconds?: number | undefined;
  /** Seconds that scoring and measuring took. */
  readonly seconds: number;
}

/** How one model differs from the first of the table: paired over the same users. */
export interface Difference {
  readonly measure: string;
  readonly model: string;
  readonly against: string;
  /** Mean of the differences, `model` minus `against`. */
  readonly value: number;
  readonly interval: readonly [number, number];
}

/** What was judged, so that nobody has to guess what was left out. */
export interface Judged {
  readonly split: string;
  readonly trainEntries: number;
  /** Items in train: the candidates of every list, less what the user has. */
  readonly trainItems: number;
  readonly users: number;
  readonly targets: number;
  /** Users of targets that models know nothing of. They stay in every measure without `(warm)`. */
  readonly coldUsers: number;
  /** Items of targets that train does not have. They stay in every measure without `(warm)`; lists cannot have them. */
  readonly coldItems: number;
  /** Targets of cold users or items. */
  readonly coldTargets: number;
  /** Users none of whose targets is relevant: measured by ratings alone. */
  readonly usersWithoutRelevant: number;
  /** Which targets count as relevant. */
  readonly relevant: string;
  /** 'all items of train that the user does not have', or the sampled ones of a named protocol. */
  readonly candidates: string;
}

/** Results of all models on one split, or means over folds. */
export interface Evaluation {
  readonly judged: readonly Judged[];
  readonly results: readonly ModelResult[];
  readonly differences: readonly Difference[];
  readonly warnings: readonly string[];
  /** A table for the terminal. */
  toString(): string;
}
