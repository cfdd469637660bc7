/** What the runs of a network tell. */
import type { EpochReport, Progress } from '../training/reports.js';

/** An epoch of one level of `pretrain`. Epochs and updates are those of the level. */
export interface LevelReport extends EpochReport {
  /** From 1: the level's number, which is that of the layer it learns. */
  readonly level: number;
  /** The name of that layer: 'hidden1' of the first level. */
  readonly layer: string;
}

/** Where a run of `pretrain` stands; epochs and updates are those of all levels together. */
export interface PretrainProgress extends Progress {
  /** The level that learns, from 1. */
  readonly level: number;
  /** The name of the layer it learns. */
  readonly layer: string;
}
