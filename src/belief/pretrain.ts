/**
 * Greedy pretraining (Hinton, Osindero & Teh, "A fast learning algorithm for deep belief nets",
 * Neural Computation 18 (2006), section 4): each level is a machine that learns the activities of
 * the level below, which learns no more. Each adds to a lower bound of log p(v) provided that it
 * starts as good a model of its data as the level below was, see `transposed`.
 */
import type { NativeArray, NativeLayerRows, NativeMachine } from '../machine/native.js';
import { isOver, type TrainingPlan, type TrainingRecord } from '../training/record.js';
import type { EpochReport } from '../training/reports.js';
import { announcing, partOfRun, type RunControl } from '../training/run.js';
import { train } from '../training/train.js';
import type { LayerSpec } from '../wiring/spec.js';
import { asRows, rowsOfLevel, upwards } from './passes.js';
import { levelName, type PretrainPlan, wholeProgress } from './pretrain-plan.js';
import { finishedRecord, levelUnderWay, type PretrainRecord } from './record.js';
import type { LevelReport } from './reports.js';
import { labelsLayer } from './spec.js';
import type { BeliefStack, Level } from './stack.js';

type Pair = readonly [LayerSpec, LayerSpec];
type Packed = { readonly data: NativeLayerRows[]; readonly validation: NativeLayerRows[] };

/**
 * Trains the levels that are not over, one after the other. Whatever ends the run, the network
 * stands at its last complete update, and `keep` has been given what is needed to go on from there.
 */
export async function pretrain(
  stack: BeliefStack,
  plan: PretrainPlan,
  control: RunControl<LevelReport>,
  keep: (record: PretrainRecord) => void,
): Promise<void> {
  const { call, signal } = plan;
  // Now, so that small inputs are taken before the public call returns, even if it has to wait.
  const packing = Promise.all([packed(stack, plan.data, signal), packed(stack, plan.validation, signal)]);
  packing.catch(() => undefined); // whoever waits for the turn hears of it
  await stack.train(call, true, async (hold) => {
    signal?.throwIfAborted();
    const [data, validation] = await packing;
    let { record } = plan;
    keep(record);
    const keepLevel = (l: number, level: TrainingRecord): void => {
      record = { ...record, levels: record.levels.map((one, k) => (k === l ? level : one)) };
      keep(record);
    };
    const tell = told(stack, plan, control);
    const rows = new Ascent(stack, plan, { data, validation });
    for (let l = levelUnderWay(record); l < stack.levels.length && !control.stopped.aborted; l++) {
      if (record.transposed[l] && record.levels[l]?.step === 0) startTransposed(stack, l);
      const seen = await rows.ofLevel(l);
      const { up } = stack.levels[l] as Level;
      const own = { ...(plan.levels[l] as TrainingPlan), onProgress: tell.onProgress(l) };
      const level = tell.control(l, (until) => hold.stand(until));
      await train(up, { ...own, packed: seen, plan: () => own }, level, (reached) => keepLevel(l, reached));
      const reached = record.levels[l] as TrainingRecord;
      if (!isOver(reached)) return;
      keepLevel(l, finishedRecord(reached));
    }
  });
}

async function packed(stack: BeliefStack, inputs: PretrainPlan['data'], signal: AbortSignal | undefined): Promise<NativeLayerRows[]> {
  const [rows, ...labels] = inputs;
  if (rows === undefined) return [];
  // The levels above need whole rows. Labels may be missing: the top machine fills them in.
  const [visible, classes] = await Promise.all([stack.pack([rows], signal, false), stack.pack(labels, signal, true)]);
  return [...visible, ...classes];
}

/** Rows as the levels see them. */
class Ascent {
  readonly #stack: BeliefStack;
  readonly #plan: PretrainPlan;
  readonly #packed: Packed;
  /** With `keepActivities`: of the level that was asked for last. */
  #kept: { readonly level: number; readonly data: NativeLayerRows; readonly validation: NativeLayerRows | undefined } | undefined;

  constructor(stack: BeliefStack, plan: PretrainPlan, all: Packed) {
    this.#stack = stack;
    this.#plan = plan;
    this.#packed = all;
  }

  async ofLevel(l: number): Promise<Packed> {
    const [data, validation] = [await this.#rows('data', l), await this.#rows('validation', l)];
    if (this.#plan.keepActivities) this.#kept = { level: l, data: data as NativeLayerRows, validation };
    const isTop = l === this.#stack.levels.length - 1;
    const withLabels = (part: keyof Packed, rows: NativeLayerRows | undefined): NativeLayerRows[] => {
      if (rows === undefined) return [];
      const [, labels] = this.#packed[part];
      return isTop && labels !== undefined ? [rows, { ...labels, layer: labelsLayer }] : [rows];
    };
    return { data: withLabels('data', data), validation: withLabels('validation', validation) };
  }

  async #rows(part: keyof Packed, l: number): Promise<NativeLayerRows | undefined> {
    const [visible] = this.#packed[part];
    if (visible === undefined) return undefined;
    const { call, signal } = this.#plan;
    if (l === 0 || !this.#plan.keepActivities) return rowsOfLevel(this.#stack, visible.rows, l, this.#plan.record.activities);
    const [below, own] = [this.#stack.levels[l - 1] as Level, this.#stack.levels[l] as Level];
    const kept = this.#kept?.level === l - 1 ? this.#kept[part] : undefined;
    const seen = kept ?? rowsOfLevel(this.#stack, visible.rows, l - 1, 'mean');
    return asRows(own.up, call, 0, await upwards(below.up, call, seen, 'mean', { signal }));
  }
}

/** Parameters of the level below, upside down. Units that it has no counterpart for stay as drawn. */
function startTransposed({ levels }: BeliefStack, l: number): void {
  const [below, own] = [(levels[l - 1] as Level).up, (levels[l] as Level).up];
  const [lower, upper] = below.spec.layers as Pair;
  const [first, last] = own.spec.layers as Pair;
  const [from, to] = [below.native, own.native];
  const parametersOf = (native: NativeMachine, { name }: LayerSpec): string =>
    native.parameters().find((one) => one.name === `${name}.bias` || one.name === `${name}.parameters`)?.name ?? '';
  const weights = from.getParameter(`${lower.name}-${upper.name}.weights`);
  const turned = weights.map((_, i) => weights[(i % lower.units) * upper.units + Math.floor(i / lower.units)] as number);
  const set = (name: string, values: NativeArray, columns: number, width: number): void =>
    to.setParameter(name, firstColumns(to.getParameter(name), width, values, columns));
  set(`${first.name}-${last.name}.weights`, turned, lower.units, last.units);
  set(parametersOf(own.native, last), from.getParameter(parametersOf(from, lower)), lower.units, last.units);
  to.setParameter(parametersOf(own.native, first), from.getParameter(parametersOf(from, upper)));
}

/** `into`, [rows, width], with its first columns replaced by `values`, [rows, columns]. */
function firstColumns(into: NativeArray, width: number, values: NativeArray, columns: number): NativeArray {
  return into.map((old, i) => (i % width < columns ? (values[Math.floor(i / width) * columns + (i % width)] as number) : old));
}

/** What the runs of levels tell, as that of one run. */
function told(stack: BeliefStack, plan: PretrainPlan, control: RunControl<LevelReport>) {
  const whole = wholeProgress(plan, stack, performance.now());
  const warned = announcing(control, plan.warnings);
  return {
    onProgress: (l: number): TrainingPlan['onProgress'] => plan.onProgress && ((progress) => plan.onProgress?.(whole(l, progress))),
    control: (l: number, stand: (until: () => Promise<void>) => Promise<void>): RunControl<EpochReport> =>
      partOfRun(warned, {
        report: (report: EpochReport): LevelReport => ({ ...report, ...levelName(stack, l) }),
        progress: (progress) => whole(l, progress),
        // The level's machine stands still already; now the others do, and everybody may read.
        read: () => stand(() => control.read()),
      }),
  };
}
