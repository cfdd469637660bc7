import { array } from '../data/ndarray.js';
import type { LayerInput } from '../machine/host.js';
import type { Machine } from '../machine/machine.js';
import type { NativeLayerRows, NativeMachine, NativePartition } from '../machine/native.js';
import type { EvaluateControl } from './evaluate-options.js';
import type { Evaluation, Interval, LogLikelihood, PartitionEstimate } from './results.js';

export type {
  Evaluation,
  Interval,
  LogLikelihood,
  Partition,
  PartitionEstimate,
  PartitionMethod,
  Trust,
} from './results.js';

/** Fewer samples than this, by their weights, tell nothing. */
const leastSamples = 10;
/** Rungs that overlap less are as good as not linked. */
const leastOverlap = 0.03;
/** Annealing in both directions must agree to so many nats. */
const largestGap = 1;
/**
 * Log weights of samples of the machine may lie so far above all of annealing forward, in nats, by
 * chance.
 */
const largestExcess = 2;

/**
 * log Z, inside {@link Machine.exclusive} only. `rows` say where annealing begins; they may be left
 * out.
 */
export async function partitionWithin(
  machine: Machine,
  native: NativeMachine,
  rows: NativeLayerRows[],
  control: EvaluateControl,
  call: string,
): Promise<PartitionEstimate> {
  const { method, chains, betas, temperatures, warmup, patience } = control;
  const found = await machine.run(call, () => native.partition({ method, rows, chains, betas, temperatures, warmup }), patience);
  return described(found, control);
}

/**
 * Refuses what {@link evaluatePacked} would, with its errors and in little time: before a training
 * run that is to be evaluated, say.
 */
export async function checkPacked(
  machine: Machine,
  native: NativeMachine,
  packed: NativeLayerRows[],
  { method, chains, betas, temperatures, warmup, patience: { signal } }: EvaluateControl,
  call: string,
): Promise<void> {
  await machine.run(call, () => native.rowSums(packed), { signal });
  const cancelled = new AbortController();
  const counters = native.getCounters();
  // Options are checked against the machine when the job is started.
  const job = machine.run(call, () => native.partition({ method, rows: packed, chains, betas, temperatures, warmup }), {
    signal: cancelled.signal,
  });
  cancelled.abort();
  await job.catch((error: unknown) => {
    if (error !== cancelled.signal.reason) throw error;
  });
  // How far it came by then, the clock decides: its draws are given back.
  if (!machine.disposed) native.setCounters(counters);
}

/**
 * Evaluates a machine on rows of some layers, inside {@link Machine.exclusive} only: between two
 * stretches of a training run, for example.
 *
 * @param machine - The machine, and its native side as `exclusive` handed it over.
 * @param inputs - Rows of layers, described.
 * @param control - What `readEvaluateOptions` made of the caller's options.
 * @param call - Public call, for messages.
 */
export async function evaluateWithin(
  machine: Machine,
  native: NativeMachine,
  inputs: readonly LayerInput[],
  control: EvaluateControl,
  call: string,
): Promise<Evaluation> {
  const packed = await machine.pack(inputs, control.patience.signal, false);
  return evaluatePacked(machine, native, packed, control, call);
}

/**
 * {@link evaluateWithin} of rows that are packed already, for callers that evaluate the same ones
 * again and again.
 */
export async function evaluatePacked(
  machine: Machine,
  native: NativeMachine,
  packed: NativeLayerRows[],
  control: EvaluateControl,
  call: string,
): Promise<Evaluation> {
  // Rows first: what is wrong with them shows before the long part.
  const sums = await machine.run(call, () => native.rowSums(packed), { signal: control.patience.signal });
  const { effectiveSampleSize, converged, warnings, ...logZ } = await partitionWithin(machine, native, packed, control, call);
  const places = packed.reduce((sum, { rows }) => sum + rows.cols, 0);
  const values = sums.values.map((sum) => sum - logZ.value);
  return {
    logLikelihood: summary(values, logZ, places),
    logZ,
    logLikelihoods: array(values, [values.length]),
    effectiveSampleSize,
    converged,
    warnings: sums.exact ? warnings : [...warnings, estimatedRows],
  };
}

const estimatedRows =
  'layers without rows are coupled to each other, so the weight of every row is an estimate too: log-likelihoods of rows are low on average';

function summary(values: Float64Array, logZ: Interval, places: number): LogLikelihood {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1);
  const [low, high] = [mean - (logZ.high - logZ.value), mean + (logZ.value - logZ.low)];
  return { mean, low, high, perDimension: mean / places, standardError: Math.sqrt(variance / n) };
}

/** What may be said of an estimate: its interval, whether it converged, and why not. */
function described(found: NativePartition, { chains, untrained }: EvaluateControl): PartitionEstimate {
  const { method, logZ, forward, reverse, ladder } = found;
  const doubts = doubtsOf(found, chains);
  const warnings = [...(untrained ? ['this machine was neither trained nor given parameters'] : []), ...doubts];
  const trust = {
    effectiveSampleSize: Math.min(found.effectiveSampleSize, found.reverseSampleSize),
    converged: doubts.length === 0,
    warnings,
  };
  if (forward === null || reverse === null || ladder === null) return { method, ...logZ, ...trust };
  const interval = trust.converged ? logZ : bracket(logZ, forward, reverse, ladder);
  return { method, ...interval, forward, reverse, ladder, gap: reverse.value - forward.value, ...trust };
}

function doubtsOf(found: NativePartition, chains: number): string[] {
  const { logZ, forward, reverse, ladder, overlap, fewestArrivals, excess } = found;
  const doubts: string[] = [];
  const samples = Math.min(found.effectiveSampleSize, found.reverseSampleSize);
  if (samples < leastSamples) {
    doubts.push(
      `the weights of ${chains} chains are worth ${samples.toPrecision(2)} samples, too few to tell: take more temperatures or chains`,
    );
  }
  if (forward === null || reverse === null || ladder === null) {
    if (overlap < leastOverlap) {
      doubts.push('neighbouring rungs of the ladder have hardly any states in common, so log Z is a guess: take more of them');
    }
    if (fewestArrivals === 0) {
      doubts.push(
        'in some groups of the ladder no state came up from independent units, so they still are where they began, and modes may have the wrong shares: take more sweeps of `warmup`',
      );
    }
    return doubts;
  }
  const gap = reverse.value - forward.value;
  if (!(Math.abs(gap) <= largestGap)) {
    doubts.push(
      `annealing forward and in reverse differ by ${gap.toPrecision(2)} nats, more than one: log Z lies somewhere between; take more temperatures`,
    );
  }
  if (fewestArrivals === 0 && excess > largestExcess) {
    doubts.push(
      'there are states that annealing forward does not come to, and tempered chains have not found how much they count: take more temperatures or chains',
    );
  }
  if (ladder.low > logZ.high || ladder.high < logZ.low) {
    doubts.push(
      `annealing and a ladder of tempered chains contradict each other by ${Math.abs(ladder.value - logZ.value).toPrecision(2)} nats: take more temperatures or chains`,
    );
  }
  return doubts;
}

/** Where an estimate is in doubt, all that lies between its witnesses. */
function bracket({ value, low, high }: Interval, ...witnesses: readonly Interval[]): Interval {
  return { value, low: Math.min(low, ...witnesses.map((i) => i.low)), high: Math.max(high, ...witnesses.map((i) => i.high)) };
}
