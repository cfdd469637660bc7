import type { Scale } from './entries.js';
import type { RecommenderModel } from './family.js';
import type { History } from './history.js';
import type { Ids } from './ids.js';

/** All that a recommender is. Nothing of it changes: new rows make a new one. */
export interface State {
  readonly model: RecommenderModel;
  readonly users: Ids;
  readonly items: Ids;
  readonly titles: ReadonlyMap<number, string>;
  readonly history: History;
  readonly scale: Scale | undefined;
  readonly seed: bigint;
  readonly unseen: 'zero' | 'missing';
  readonly relevantFrom: number | undefined;
  /** The options of the model as they were given, to train it anew; null where a file could not hold them. */
  readonly options: Readonly<Record<string, unknown>> | null;
}
