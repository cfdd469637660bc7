/** Names of layers: those that a file or an object could mistake for something else lose nothing, or are refused. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, ParameterError, type Units } from '../../src/index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-names-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** An object with an own property of any name. */
const named = <T>(name: string, value: T): Record<string, T> => Object.defineProperty({}, name, { value, enumerable: true });
const pair = (name: string): BoltzmannMachine =>
  new BoltzmannMachine({ layers: { ...named(name, bernoulli(2)), h: bernoulli(1) }, couplings: [[name, 'h']], seed: 2 });

describe.each([
  'constructor',
  'toString',
  'hasOwnProperty',
  'a.b',
  'a/b',
  '.',
  '..',
  '/',
  'machine/counters',
  'graph/0',
  'chains/h',
  'é',
  '0',
  'x'.repeat(200),
])('a layer called %j', (name) => {
  it('keeps its rows, clamps, rates and parameters', async () => {
    using machine = pair(name);
    const rows = [
      [1, 0],
      [1, 1],
    ];
    const parameters = (of: BoltzmannMachine) => Object.keys(of.parameterShapes).map((key) => [key, Array.from(of.getParameter(key).data)]);
    machine.setParameter(`${name}.bias`, [[0.25, -0.5]]);
    await machine.fit(named(name, rows), { epochs: 2, batchSize: 2, algorithm: { name: 'ptt', chains: 2 }, rates: { h: 0.5 } });
    const sample = await machine.sample(4, { sweeps: 2, layer: name, clamp: named(name, [[0, 1]]) as never }).catch((e) => e);
    expect(Array.from(sample.data)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    const path = join(folder, 'model');
    await machine.save(path);
    using loaded = await BoltzmannMachine.load(path);
    expect(parameters(loaded)).toEqual(parameters(machine));
    expect(loaded.training).toEqual(machine.training);
    const energy = (of: BoltzmannMachine) => of.energy({ ...named(name, rows), h: [[1], [0]] });
    expect(Array.from((await energy(loaded)).data)).toEqual(Array.from((await energy(machine)).data));
    const chains = await machine.chains(2);
    await chains.save(join(folder, 'chains'));
    expect(Array.from((await loaded.loadChains(join(folder, 'chains'))).states(name).data)).toEqual(Array.from(chains.states(name).data));
  });

  it('is asked for by whole names only', async () => {
    using machine = pair('v');
    expect(() => machine.getParameter(name)).toThrow(ParameterError);
    await expect(machine.sample(1, { layer: name })).rejects.toThrow(ParameterError);
    await expect(machine.freeEnergy(named(name, [[1, 0]]))).rejects.toThrow(ParameterError);
  });
});

it.each(['__proto__', '', 'a\0b', 'a\nb', '\ud800', 'x'.repeat(201), 'training/x'])('a layer called %j is refused', (name) => {
  expect(() => pair(name)).toThrow(ParameterError);
});

it.each<[string, string[], [string, string][]]>([
  [
    'two couplings',
    ['a', 'b-c', 'a-b', 'c'],
    [
      ['a', 'b-c'],
      ['a-b', 'c'],
    ],
  ],
  ['parameters and chains', ['x.bias', 'chains/x'], [['x.bias', 'chains/x']]],
])('machines in which %s would have one name are refused', (_, names, couplings) => {
  const layers = Object.fromEntries(names.map((name): [string, Units] => [name, bernoulli(1)]));
  expect(() => new BoltzmannMachine({ layers, couplings })).toThrow(/both be called/);
});
