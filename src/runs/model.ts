/**
 * Models as runs know them: whatever layers of data there are, one hidden layer learns from them.
 */
import { open } from 'node:fs/promises';
import type { EvaluateOptions } from '../estimators/evaluate-options.js';
import type { Evaluation } from '../estimators/results.js';
import type { ScoreOptions, Scores } from '../estimators/score.js';
import type { SurpriseOptions } from '../estimators/surprise.js';
import type { BackendInfo } from '../machine/host.js';
import type { Patience } from '../machine/patience.js';
import { BoltzmannMachine } from '../models/boltzmann-machine.js';
import type { LayerClamps } from '../models/by-layer.js';
import type { Chains } from '../models/chains.js';
import { RBM } from '../models/rbm.js';
import type { Nats, Parameters, TrainingInfo, Matrix as Values } from '../models/results.js';
import type { ChainsOptions, PlaceClamp, SampleOptions } from '../models/sample-options.js';
import type { FitOptions } from '../training/plan.js';
import type { TrainingRun } from '../training/run.js';
import type { Layers } from '../wiring/names.js';
import type { PlaceOptions } from '../wiring/place.js';
import { bernoulli } from '../wiring/units.js';
import { RunError } from './failure.js';
import type { GivenRows, RowSet } from './rows.js';
import type { RunSettings } from './settings.js';

/**
 * What runs ask of a model; an {@link RBM} takes rows, a {@link BoltzmannMachine} rows by layer.
 */
export interface RunModel extends Disposable {
  readonly seed: bigint;
  readonly layers: Layers;
  readonly training: TrainingInfo | null;
  backendInfo(): BackendInfo;
  fit(rows: GivenRows, options?: FitOptions<GivenRows>): TrainingRun;
  freeEnergy(rows: GivenRows, options?: Patience): Promise<Nats>;
  pseudoLikelihood(rows: GivenRows, options?: Patience & { readonly exact?: boolean | undefined }): Promise<Nats>;
  evaluate(rows: GivenRows, options?: EvaluateOptions): Promise<Evaluation>;
  score(rows: GivenRows, options?: ScoreOptions): Promise<Scores>;
  surprise(rows: GivenRows, options?: SurpriseOptions): Promise<Nats>;
  sample(n: number, options?: SampleOptions<GivenRows, GivenClamp, string>): Promise<Values>;
  chains(n: number, options?: ChainsOptions<GivenRows, GivenClamp>): Promise<Chains>;
  getParameter(name: string): Parameters;
  save(path: string | URL): Promise<void>;
  dispose(): void;
}

/** What holds units at values. */
type GivenClamp = GivenRows | PlaceClamp | LayerClamps;

/** The name of the layer that learns. */
export const hiddenLayer = 'hidden';

/** Columns of all layers of data, one for each category of a softmax unit. */
export function placesOf(layers: Layers): number {
  return Object.values(layers).reduce((sum, { places }) => sum + places, 0);
}

/** Layers whose states can be counted. */
const countable: readonly string[] = ['bernoulli', 'spin', 'softmax', 'binomial'];

/**
 * Whether rows have a pseudo-likelihood: there is none of real numbers as long as the hidden layer
 * is summed out.
 */
export function isCountable({ layers }: Pick<RunModel, 'layers'>, rows: RowSet): boolean {
  return Object.keys(rows.layers).every((name) => countable.includes(layers[name]?.type ?? ''));
}

/**
 * A new model: an RBM for one layer of data, else a machine whose layers of data are all coupled to
 * a hidden one.
 */
export function makeModel(layers: Layers, { hidden, seed, device }: RunSettings, threads: number): RunModel {
  const place = { seed: BigInt(seed), device, threads };
  const [only, ...others] = Object.values(layers);
  if (only !== undefined && others.length === 0) return new RBM({ visible: only, hidden, ...place });
  if (Object.hasOwn(layers, hiddenLayer)) {
    throw new RunError(`a column of the table is called "${hiddenLayer}", as the layer that learns is`, { hint: 'call it something else' });
  }
  const couplings = Object.keys(layers).map((name) => [name, hiddenLayer] as const);
  return new BoltzmannMachine({ layers: { ...layers, [hiddenLayer]: bernoulli(hidden) } as Layers, couplings, ...place });
}

/** Loads a model of either kind. */
export async function loadModel(path: string, place: PlaceOptions): Promise<RBM | BoltzmannMachine> {
  return (await modelKind(path)) === 'boltzmann-machine' ? BoltzmannMachine.load(path, place) : RBM.load(path, place);
}

/** What the header of a file says of its kind. Whatever is wrong with the file, its reader says. */
export async function modelKind(path: string): Promise<string | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const read = await file.read(Buffer.alloc(mostHeader), 0, mostHeader, 0).catch(() => null);
    if (read === null) return null;
    const { buffer, bytesRead } = read;
    return /"kind":"([a-z-]+)"/.exec(buffer.toString('latin1', 0, bytesRead))?.[1] ?? null;
  } finally {
    await file.close();
  }
}

/** The kind stands near the beginning of a file. */
const mostHeader = 1 << 20;
