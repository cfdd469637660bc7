import type { Hold, LayerInput } from '../machine/host.js';
import { translating } from '../machine/job.js';
import type { NativeRows } from '../machine/native.js';
import type { NativeNetwork, NativeNetworkReport, NativeNetworkTrainer } from '../machine/native-network.js';
import type { NetworkHost } from '../machine/network-host.js';
import { BestState } from '../training/best-state.js';
import { type LearningRates, withoutFunction } from '../training/learning-rate.js';
import { rateTable } from '../training/rates.js';
import { liveRecord } from '../training/record.js';
import type { RunControl } from '../training/run.js';
import { runSegments } from '../training/segments.js';
import { scaleOf } from './best.js';
import type { Loss } from './layers.js';
import { settingsForNative } from './options.js';
import type { NetworkPlan, NetworkRecord, Pairs } from './plan.js';
import { type NetworkReport, networkReport } from './reports.js';

interface NetworkRun {
  readonly native: NativeNetwork;
  readonly told: NativeNetworkReport;
  readonly report: NetworkReport;
  readonly evaluation: never;
  readonly record: NetworkRecord;
}

/** Rows in the addon, and what they should give; null: themselves. */
export interface PackedPairs {
  readonly rows: NativeRows;
  readonly targets: NativeRows | null;
}

/**
 * Trains a network. Whatever ends the run, the network stands at its last complete update, and
 * `keep` has been given what is needed to go on from there. A run that came to its end, or ended
 * itself, may leave the network at its best epoch instead, if the plan says so.
 */
export async function trainNetwork(
  machine: NetworkHost,
  loss: Loss,
  plan: NetworkPlan,
  control: RunControl<NetworkReport>,
  keep: (record: NetworkRecord) => void,
): Promise<void> {
  const { call, signal } = plan;
  // Now, so that small inputs are taken before the public call returns, even if it has to wait.
  const packing = Promise.all([packed(machine, plan.data, signal), plan.validation && packed(machine, plan.validation, signal)]);
  packing.catch(() => undefined); // whoever waits for the turn hears of it
  await machine.train(call, true, async (hold) => {
    signal?.throwIfAborted();
    const [data, validation] = await packing;
    await trainHeld({ machine, hold }, loss, { ...plan, data, validation }, control, keep);
  });
}

/** {@link trainNetwork} on packed rows, of a network whose turn it is. */
export async function trainHeld(
  { machine, hold }: { readonly machine: NetworkHost; readonly hold: Hold<NativeNetwork> },
  loss: Loss,
  plan: Omit<NetworkPlan, 'data' | 'validation'> & { readonly data: PackedPairs; readonly validation: PackedPairs | null },
  control: RunControl<NetworkReport>,
  keep: (record: NetworkRecord) => void,
): Promise<void> {
  const { call, signal } = plan;
  const { native } = hold;
  const { trainer, learningRates } = newTrainer(machine, native, loss, plan);
  const { best: planned } = plan;
  const best = planned === null ? null : new BestState(planned.rule, native, planned.before, scaleOf(planned.rule.source));
  const record = (): NetworkRecord => liveRecord({ settings: plan.settings, learningRates }, trainer, best);
  try {
    await runSegments<NetworkRun>({
      ...{ call, machine, hold, trainer, control, signal, onProgress: plan.onProgress, checkpoint: plan.checkpoint },
      ...{ evaluation: undefined, best, report: networkReport, record, keep },
    });
  } finally {
    if (!machine.disposed) keep({ ...record() });
  }
}

/** Copies rows, and what they should give, into the addon. */
export async function packed(machine: NetworkHost, { rows, targets }: Pairs, signal: AbortSignal | undefined): Promise<PackedPairs> {
  const inputs: LayerInput[] = targets === null ? [rows] : [rows, targets];
  const [first, second] = await machine.pack(inputs, signal, false);
  return { rows: (first as { rows: NativeRows }).rows, targets: second?.rows ?? null };
}

function newTrainer(
  machine: NetworkHost,
  native: NativeNetwork,
  loss: Loss,
  plan: Parameters<typeof trainHeld>[2],
): { trainer: NativeNetworkTrainer; learningRates: LearningRates } {
  const { data, validation, settings, previous, resume, sampleWeights } = plan;
  const stepsPerEpoch = Math.ceil(data.rows.rows / settings.batchSize);
  const updates = stepsPerEpoch * settings.epochs;
  const learningRates = withoutFunction(plan.learningRates, updates);
  const layers = machine.spec.layers.map(({ name }) => name);
  const rates = rateTable(settings.rates, layers);
  const options = {
    ...settingsForNative(settings),
    loss,
    data: data.rows,
    targets: data.targets,
    validation,
    sampleWeights,
    learningRates: learningRates.table(updates),
    // One for a layer's weights, one for its units' parameters.
    rates: rates && Float64Array.from([...rates].flatMap((rate) => [rate, rate])),
  };
  const trainer = translating(plan.call, () => native.trainer(options, previous?.state ?? null, resume));
  return { trainer, learningRates };
}
