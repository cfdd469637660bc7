/** Up–down learning and its bound through the addon: runs, resuming, who is busy, clear errors. */
import { describe, expect, it } from 'vitest';
import type { NativeMachine } from '../../src/machine/native.js';
import type { NativeUpDownOptions, NativeUpDownReport } from '../../src/machine/native-up-down.js';
import { labelRows, newLabelledTop, upDownOptions } from './native-stack-support.js';
import { codeOf, endlessRun, newMachine, newRows, newTrainer } from './native-support.js';

interface Network {
  top: NativeMachine;
  options: NativeUpDownOptions;
}

function network(more: Partial<NativeUpDownOptions> = {}): Network {
  return { top: newLabelledTop(), options: upDownOptions(more) };
}

const machinesOf = ({ top, options }: Network): NativeMachine[] => [...options.up, ...options.down, top];
const parametersOf = (net: Network) =>
  machinesOf(net).flatMap((machine) => machine.parameters().map(({ name }) => machine.getParameter(name)));

function copyTo(from: Network, to: Network): void {
  const targets = machinesOf(to);
  machinesOf(from).forEach((machine, i) => {
    for (const { name } of machine.parameters()) targets[i]!.setParameter(name, machine.getParameter(name));
  });
  to.top.setCounters(from.top.getCounters());
}

async function run(net: Network): Promise<NativeUpDownReport[]> {
  const trainer = net.top.upDownTrainer(net.options, null, false);
  const reports: NativeUpDownReport[] = [];
  await trainer.run(trainer.totalSteps, (_, some) => reports.push(...some)).promise;
  return reports;
}

describe('upDownTrainer', () => {
  it('trains both halves and the top machine, and reports', async () => {
    const net = network();
    const before = parametersOf(net);
    const reports = await run(net);
    expect(reports.map(({ epoch, step, rollbacks }) => [epoch, step, rollbacks])).toEqual([
      [1, 5, 0],
      [2, 10, 0],
      [3, 15, 0],
    ]);
    for (const { generative, recognition, freeEnergyGap, weightNorm } of reports) {
      expect([generative.length, recognition.length]).toEqual([1, 1]);
      for (const x of [...generative, ...recognition, weightNorm]) expect(x).toBeGreaterThan(0);
      expect(freeEnergyGap).not.toBeNaN();
    }
    // up: visible.bias stays; down: hidden.bias stays. Order: visible.bias, hidden.bias, weights of each; then the top's five.
    const moved = parametersOf(net).map((values, i) => values.some((x, j) => x !== before[i]![j]));
    expect(moved).toEqual([false, true, true, true, false, true, ...Array(5).fill(true)]);
  });

  it.each([0, 7])('resumes bit for bit with %d persistent chains', async (chains) => {
    const whole = network({ chains, averageLast: 0.3 });
    await run(whole);
    const half = network({ chains, averageLast: 0.3 });
    const first = half.top.upDownTrainer(half.options, null, false);
    await first.run(7, () => {}).promise;
    const state = first.state();
    expect(Object.keys(state.tensors)).toContain('velocity/up1/visible-hidden.weights');
    const again = network({ chains, averageLast: 0.3 });
    copyTo(half, again);
    const second = again.top.upDownTrainer(again.options, state, true);
    await second.run(second.totalSteps, () => {}).promise;
    expect(parametersOf(again)).toEqual(parametersOf(whole));
  });

  it('holds halves whose rate is 0', async () => {
    const net = network({ rates: Float64Array.of(0, 1, 0) });
    const before = parametersOf(net);
    await run(net);
    const moved = parametersOf(net).map((values, i) => values.some((x, j) => x !== before[i]![j]));
    expect(moved).toEqual([false, false, false, true, false, true, ...Array(5).fill(false)]);
  });

  it('keeps all machines busy while it runs, and ends when one is disposed of', async () => {
    const net = network({ epochs: 1e9 });
    const [up, down] = [net.options.up[0]!, net.options.down[0]!];
    const trainer = net.top.upDownTrainer(net.options, null, false);
    expect(machinesOf(net).map(({ busy }) => busy)).toEqual([false, false, false]);
    const job = trainer.run(trainer.totalSteps, () => {});
    const code = job.promise.catch((error) => (error as { code: string }).code);
    expect(machinesOf(net).map(({ busy }) => busy)).toEqual([true, true, true]);
    expect(await codeOf(() => up.setParameter('hidden.bias', new Float32Array(4)))).toBe('BUSY');
    expect(await codeOf(() => down.getParameter('hidden.bias'))).toBe('BUSY');
    expect(await codeOf(() => newTrainer(up).run(1, () => {}))).toBe('BUSY');
    expect(await codeOf(() => trainer.run(1, () => {}))).toBe('BUSY');
    down.dispose();
    expect(await code).toBe('ABORTED');
    expect([up.busy, net.top.busy]).toEqual([false, false]);
    expect(await codeOf(() => trainer.run(1, () => {}))).toBe('DISPOSED');
    up.setParameter('hidden.bias', new Float32Array(4));
  });

  it('is cancelled between two updates', async () => {
    const net = network({ epochs: 1e9 });
    const trainer = net.top.upDownTrainer(net.options, null, false);
    const job = trainer.run(trainer.totalSteps, () => {});
    job.cancel();
    expect(await codeOf(() => job.promise)).toBe('ABORTED');
    expect(machinesOf(net).map(({ busy }) => busy)).toEqual([false, false, false]);
  });

  it('needs idle machines', async () => {
    const net = network();
    const other = endlessRun(net.options.up[0]!);
    expect(await codeOf(() => net.top.upDownTrainer(net.options, null, false))).toBe('BUSY');
    other.cancel();
    await other.promise.catch(() => {});
    const trainer = net.top.upDownTrainer(net.options, null, false);
    const another = endlessRun(net.options.down[0]!);
    expect(await codeOf(() => trainer.run(1, () => {}))).toBe('BUSY');
    another.cancel();
    await another.promise.catch(() => {});
    await trainer.run(1, () => {}).promise;
  });

  it('says what does not fit', () => {
    const make = (more: Partial<NativeUpDownOptions>) => () => {
      const { top, options } = network(more);
      return top.upDownTrainer(options, null, false);
    };
    const one = newMachine();
    expect(make({ up: [] })).toThrow(/`options.up` must hold at least one machine/);
    expect(make({ up: [one], down: [one] })).toThrow(/different ones/);
    expect(make({ up: [newMachine(), newMachine()], down: [newMachine(), newMachine()] })).toThrow(/must have 6 columns/);
    expect(make({ labels: null })).toThrow(/a layer of labels needs rows/);
    expect(make({ labels: { layer: 2, rows: labelRows(49) } })).toThrow(/same number of rows/);
    expect(make({ data: newRows(50, 4) })).toThrow(/`options.data` must have 6 columns/);
    expect(make({ rates: Float64Array.of(1, 1) })).toThrow(/and one for the top, 3, got 2/);
    expect(make({ sampleWeights: Float64Array.of(1) })).toThrow(/one weight per row/);
    expect(make({ batchSize: 51 })).toThrow(/`batchSize` must not be larger/);
    expect(make({ down: [newMachine({ device: 'reference' })] })).toThrow(/one device/);
  });
});

describe('beliefBound', () => {
  it('gives one number per row, also where both halves are one machine', async () => {
    const { top, options } = network();
    const { up } = options;
    const counters = top.getCounters();
    const bound = await top.beliefBound({ up, down: up, rows: newRows(20), samples: 5 }).promise;
    expect(bound.length).toBe(20);
    for (const x of bound) expect(Number.isFinite(x)).toBe(true);
    top.setCounters(counters);
    expect(await top.beliefBound({ up, down: up, rows: newRows(20), samples: 5 }).promise).toEqual(bound);
    expect(await top.beliefBound({ up, down: up, rows: newRows(20), samples: 5 }).promise).not.toEqual(bound);
  });

  it('needs states', async () => {
    const { top, options } = network();
    const grey = newRows(0);
    grey.appendDense(new Float32Array(6).fill(0.5), 0, 1, 6, 1, 1);
    await expect(top.beliefBound({ ...options, rows: grey, samples: 1 }).promise).rejects.toThrow(/make them binary first/);
  });
});
