/** What an evaluation found, as plain objects. */

/** One measure of one model. */
export interface Measured {
  /** The measure, with its definition: `recall@20(min)`. */
  readonly name: string;
  /** NaN where the model has nothing to be measured by: ratings of a model of interactions. */
  readonly value: number;
  /** 95 % bootstrap interval over users; null of measures that are no mean over users. */
  readonly interval: readonly [number, number] | null;
}

/** A bin of predicted chances P(r ≥ t) and what came of them; `predicted` and `observed` are NaN where it is empty. */
export interface Calibration {
  /** Where the bin begins. */
  readonly from: number;
  /** Where the bin ends. */
  readonly to: number;
  /** How many predictions fell into it. */
  readonly count: number;
  /** Mean of the chances that were given. */
  readonly predicted: number;
  /** How often it came. */
  readonly observed: number;
}

/** One model's results. */
export interface ModelResult {
  /** Its name. */
  readonly model: string;
  /** In the order in which they were asked for. */
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
  /** Name of the measure. */
  readonly measure: string;
  /** Which model. */
  readonly model: string;
  /** Which model it is compared with. */
  readonly against: string;
  /** Mean of the differences, `model` minus `against`. */
  readonly value: number;
  /** 95 % bootstrap interval over users, paired. */
  readonly interval: readonly [number, number];
}

/** What was judged, so that nobody has to guess what was left out. */
export interface Judged {
  /** Its name. */
  readonly split: string;
  /** Entries that models learnt from. */
  readonly trainEntries: number;
  /** Items in train: the candidates of every list, less what the user has. */
  readonly trainItems: number;
  /** Users with targets. */
  readonly users: number;
  /** Entries that models are judged by. */
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
  /** What each split had, one for each. */
  readonly judged: readonly Judged[];
  /** What each model reached. */
  readonly results: readonly ModelResult[];
  /** How the others differ from the first model. */
  readonly differences: readonly Difference[];
  /** What readers of the table should know. */
  readonly warnings: readonly string[];
  /** A table for the terminal. */
  toString(): string;
}
