/** Networks through the addon, against plain loops over their parameters. */
import { describe, expect, it } from 'vitest';
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeNetwork, NativeNetworkReport, NativeNetworkTrainerOptions } from '../../src/machine/native-network.js';
import { classes, networkOptions, newLabels, newNetwork } from './native-network-support.js';
import { codeOf, newMachine, newRows, resultOf, visible } from './native-support.js';

const devices = ['cpu', 'reference'] as const;

/** Outputs of both dense layers of `newNetwork` by plain loops. */
function outputs(network: NativeNetwork, rows: Float32Array): { hidden: number[][]; output: number[][] } {
  const [w1, b1, w2, b2] = ['hidden.weights', 'hidden.bias', 'output.weights', 'output.bias'].map((name) => network.getParameter(name));
  const layer = (input: readonly number[], w: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from({ length: b.length }, (_, j) => b[j]! + input.reduce((sum, x, i) => sum + x * w[i * b.length + j]!, 0));
  const all = Array.from({ length: rows.length / visible }, (_, r) => [...rows.subarray(r * visible, (r + 1) * visible)]);
  const hidden = all.map((row) => layer(row, w1!, b1!).map(Math.tanh));
  const output = hidden.map((row) => {
    const odds = layer(row, w2!, b2!).map(Math.exp);
    const total = odds.reduce((a, b) => a + b);
    return odds.map((x) => x / total);
  });
  return { hidden, output };
}

function shaken(network: NativeNetwork): NativeNetwork {
  network.setParameter(
    'hidden.bias',
    Float64Array.from({ length: 4 }, (_, i) => i / 4 - 0.4),
  );
  network.setParameter('output.bias', Float64Array.of(0.3, -0.2, 0.1));
  return network;
}

function expectClose(got: ArrayLike<number>, want: readonly number[], digits = 5) {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i += 1) expect(got[i]).toBeCloseTo(want[i]!, digits);
}

describe.each(devices)('a network on %s', (device) => {
  it('tells its parameters', () => {
    expect(newNetwork({ device }).parameters()).toEqual([
      { name: 'hidden.weights', rows: visible, cols: 4 },
      { name: 'hidden.bias', rows: 1, cols: 4 },
      { name: 'output.weights', rows: 4, cols: classes },
      { name: 'output.bias', rows: 1, cols: classes },
    ]);
  });

  it.each([true, false])('gives the outputs of any layer, now %s', async (now) => {
    const network = shaken(newNetwork({ device }));
    const rows = newRows(40);
    const { hidden, output } = outputs(network, rows.toFloat32(0, 40));
    expectClose(await resultOf(network.forward(rows, 0, now)), [...rows.toFloat32(0, 40)]);
    expectClose(await resultOf(network.forward(rows, 1, now)), hidden.flat());
    expectClose(await resultOf(network.forward(rows, 2, now)), output.flat());
  });

  it('scores rows by either loss', async () => {
    const network = shaken(newNetwork({ device }));
    const rows = newRows(7);
    const labels = newLabels(7);
    const targets = labels.toFloat32(0, 7);
    const { output } = outputs(network, rows.toFloat32(0, 7));
    const label = (r: number) => targets.subarray(r * classes, (r + 1) * classes).indexOf(1);
    const wrong = output.map((p, r) => Number(p.indexOf(Math.max(...p)) !== label(r)));
    const [loss, error] = await resultOf(network.score(rows, labels, 'likelihood'));
    expectClose(
      loss,
      output.map((p, r) => -Math.log(p[label(r)]!)),
    );
    expect([...error]).toEqual(wrong);
    const [squared] = await resultOf(network.score(rows, labels, 'squared'));
    expectClose(
      squared,
      output.map((p, r) => p.reduce((sum, x, k) => sum + (x - targets[r * classes + k]!) ** 2, 0)),
    );
  });

  it('gives gradients with respect to the rows', async () => {
    const network = shaken(newNetwork({ device }));
    const values = newRows(2).toFloat32(0, 2);
    const rowsOf = (from: ArrayLike<number>) => {
      const rows = new hostBackend.addon.Rows(visible, -10, 10);
      rows.appendDense(Float64Array.from(from), 0, 2, visible, 1, 1);
      return rows;
    };
    const gradient = await resultOf(network.inputGradient(rowsOf(values), newLabels(2), 'likelihood'));
    for (let i = 0; i < values.length; i += 1) {
      const lossAt = async (move: number) => {
        const moved = Float64Array.from(values);
        moved[i] = moved[i]! + move;
        const [loss] = await resultOf(network.score(rowsOf(moved), newLabels(2), 'likelihood'));
        return loss[Math.floor(i / visible)]!;
      };
      expect(gradient[i]).toBeCloseTo(((await lossAt(1 / 64)) - (await lossAt(-1 / 64))) * 32, 3);
    }
  });

  it('learns labels, and reports what `score` says', async () => {
    const network = newNetwork({ device, layers: newLayers() });
    const options = networkOptions(30, {
      epochs: 40,
      learningRates: Float64Array.of(0.5),
      onDivergence: null,
      maxNorm: 0,
      rates: null,
      dropout: null,
    });
    const reports = await train(network, options);
    expect(reports).toHaveLength(40);
    const last = reports.at(-1)!;
    expect(last.loss).toBeLessThan(reports[0]!.loss);
    expect(Object.keys(last).sort()).toEqual(
      [
        ...['epoch', 'step', 'seconds', 'learningRate', 'weightNorm', 'rollbacks', 'warnings'],
        ...['loss', 'error', 'validationLoss', 'validationError'],
      ].sort(),
    );
    const [loss, error] = await resultOf(network.score(newRows(4), newLabels(4), 'likelihood'));
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
    expect(last.validationLoss).toBeCloseTo(mean(loss), 6);
    expect(last.validationError).toBeCloseTo(mean(error), 6);
  });

  it.each(['sgd', 'adam'] as const)('resumes a run of %s bit for bit', async (optimiser) => {
    const options = () => networkOptions(30, { optimiser, averageLast: 0.5 });
    const whole = newNetwork({ device });
    await train(whole, options());
    const first = newNetwork({ device });
    const trainer = first.trainer(options(), null, false);
    await trainer.run(5, () => {}).promise;
    const second = newNetwork({ device });
    for (const { name } of first.parameters()) second.setParameter(name, first.getParameter(name));
    second.setCounters(first.getCounters());
    const rest = second.trainer(options(), trainer.state(), true);
    expect(rest.step).toBe(5);
    await rest.run(rest.totalSteps, () => {}).promise;
    for (const { name } of whole.parameters()) expect(second.getParameter(name)).toEqual(whole.getParameter(name));
  });
});

const newLayers = () => [{ kind: 'dense', name: 'y', type: 'softmax', units: classes, size: classes, weightScale: 0.1 } as const];

async function train(network: NativeNetwork, options: NativeNetworkTrainerOptions): Promise<NativeNetworkReport[]> {
  const trainer = network.trainer(options, null, false);
  const reports: NativeNetworkReport[] = [];
  await trainer.run(trainer.totalSteps, (_, epochs) => reports.push(...epochs)).promise;
  return reports;
}

describe('an autoencoder', () => {
  it('takes its rows as targets', async () => {
    const network = newNetwork({
      layers: [
        { kind: 'dense', name: 'code', type: 'bernoulli', units: 3, weightScale: 0.5 },
        { kind: 'dense', name: 'decoded', type: 'bernoulli', units: visible, weightScale: 0.5 },
      ],
    });
    const options = networkOptions(30, {
      epochs: 60,
      targets: null,
      validation: { rows: newRows(4), targets: null },
      maxNorm: 0,
      dropout: null,
    });
    const reports = await train(network, { ...options, learningRates: Float64Array.of(0.5) });
    expect(reports.at(-1)!.error).toBeLessThan(reports[0]!.error * 0.8);
  });
});

describe('what a network refuses', () => {
  const refusals: [string, string, () => unknown][] = [
    ['an unknown kind', 'PARAMETER', () => newNetwork({ layers: [{ kind: 'conv', name: 'a' } as never] })],
    ['an unknown setting', 'PARAMETER', () => newNetwork({ layers: [{ ...newLayers()[0]!, colour: 1 } as never] })],
    ['a rate of 1', 'PARAMETER', () => newNetwork({ layers: [{ kind: 'dropout', name: 'd', rate: 1 }, ...newLayers()] })],
    ['rows of another width', 'SHAPE', () => newNetwork().forward(newRows(2, 3), 0)],
    ['a layer that is not there', 'PARAMETER', () => newNetwork().forward(newRows(2), 3)],
    ['targets of another number', 'SHAPE', () => newNetwork().score(newRows(2), newLabels(3), 'likelihood')],
    ['targets outside of the domain', 'PARAMETER', () => newNetwork().score(newRows(2), newRows(2, 3), 'likelihood')],
    ['its rows as targets of another width', 'SHAPE', () => newNetwork().score(newRows(2), null, 'squared')],
    ['a machine as rows', 'PARAMETER', () => newNetwork().forward(newMachine() as never, 0)],
    ['one rate too many', 'SHAPE', () => newNetwork().trainer(networkOptions(20, { rates: new Float64Array(5) }), null, false)],
    ['a batch larger than the data', 'PARAMETER', () => newNetwork().trainer(networkOptions(20, { batchSize: 21 }), null, false)],
  ];
  it.each(refusals)('%s', async (_, code, body) => {
    expect(await codeOf(body)).toBe(code);
  });

  it('calls during a job, and after its end', async () => {
    const network = newNetwork();
    const trainer = network.trainer(networkOptions(20, { epochs: 1e9 }), null, false);
    const job = trainer.run(trainer.totalSteps, () => {});
    expect(network.busy).toBe(true);
    expect(await codeOf(() => network.getParameter('hidden.bias'))).toBe('BUSY');
    network.dispose();
    expect(await codeOf(() => job.promise)).toBe('ABORTED');
    expect(network.disposed).toBe(true);
    expect(await codeOf(() => network.parameters())).toBe('DISPOSED');
    expect(await codeOf(() => trainer.state())).toBe('DISPOSED');
  });
});
