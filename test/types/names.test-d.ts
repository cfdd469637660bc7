/**
 * Names of layers and couplings in the types. Nothing here runs: `npm run typecheck` reads it, and a line marked with an expected error that
 * compiles after all is an error there.
 */
import type { NdArray } from 'ndarray';
import {
  BoltzmannMachine,
  bernoulli,
  type Chains,
  type Coupling,
  gaussian,
  gridEdges,
  type Matrix,
  RBM,
  type RowsInput,
  softmax,
  spin,
  type Units,
} from '../../src/index.js';

import type { TableData } from '../../src/tables/index.js';

declare const rows: RowsInput;
/** Compiles only if the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function holds<_T extends true>(): void;

const layers = { image: bernoulli(4), label: softmax(2), hidden: bernoulli(3) };
const machine = new BoltzmannMachine({
  layers,
  couplings: [
    ['image', 'hidden'],
    ['label', 'hidden'],
  ],
});

export async function typingMistakes(chains: Chains<'image' | 'label' | 'hidden'>): Promise<void> {
  // @ts-expect-error: no layer 'imgae'
  await machine.fit({ imgae: rows });
  // @ts-expect-error: no layer 'hiden'
  new BoltzmannMachine({ layers, couplings: [['label', 'hiden']] });
  // @ts-expect-error: no layer 'lable'
  await machine.probabilities('lable', { image: rows });
  // @ts-expect-error: no layer 'nope'
  await machine.sample(1, { layer: 'nope' });
  // @ts-expect-error: no layer 'imag'
  chains.states('imag');
  // @ts-expect-error: no layer or coupling 'hiden'
  await machine.fit({ image: rows }, { rates: { hiden: 0 } });
  // @ts-expect-error: no coupling 'hidden-image', only 'image-hidden'
  await machine.fit({ image: rows }, { rates: { 'hidden-image': 0 } });
  // @ts-expect-error: no parameter 'hidden.biases'
  machine.getParameter('hidden.biases');
  // @ts-expect-error: no coupling of image and label
  machine.setParameter('image-label.weights', rows);
  // @ts-expect-error: no layer 'hiddne'
  await machine.freeEnergy({ hiddne: rows });
  // @ts-expect-error: no layer 'imgae'
  await machine.sample(1, { clamp: { imgae: rows } });
  // @ts-expect-error: no layer 'imgae'
  await machine.sample(1, { start: { imgae: rows } });
  // @ts-expect-error: no layer 'imgae'
  await machine.impute({ imgae: rows });
  // @ts-expect-error: no layer 'imgae'
  await machine.fit({ image: rows }, { validation: { imgae: rows } });
  // @ts-expect-error: no layer 'imgae'
  await chains.advance(1, { observe: { pairs: [['imgae', 'hidden']] } });
  // @ts-expect-error: no layer 'imgae'
  chains.product('hidden', 'imgae');
  // @ts-expect-error: probabilities are those of softmax layers
  await machine.probabilities('image', { label: rows });
}

export async function rightNames(): Promise<void> {
  await machine.fit({ image: rows, label: [0, 1] }, { rates: { hidden: 0, 'image-hidden': 0.5 }, validation: { image: rows, label: [0] } });
  const p: Matrix = await machine.probabilities('label', { image: rows });
  const sampled: Matrix = await machine.sample(1, { layer: 'label', clamp: { image: { indices: [0], values: [1] } } });
  const chains = await machine.chains(2, { start: { image: rows } });
  const states: Matrix = chains.states('image');
  const bias = machine.getParameter('hidden.bias');
  holds<Same<typeof bias, NdArray<Float64Array>>>();
  const weights = machine.getParameter('label-hidden.weights');
  const real = new BoltzmannMachine({ layers: { numbers: gaussian(3), h: spin(2) }, couplings: [['numbers', 'h']] });
  real.getParameter('numbers.parameters');
  // @ts-expect-error: Gaussian units have several parameters each
  real.getParameter('numbers.bias');
  console.log(p, sampled, states, weights);
}

export async function resultsAreThere(): Promise<void> {
  // Not possibly undefined, by the names given and no others.
  const filled = await machine.impute({ image: rows, label: rows });
  holds<Same<typeof filled.image, Matrix>>();
  holds<Same<keyof typeof filled, 'image' | 'label'>>();
  // @ts-expect-error: not asked for
  console.log(filled.hidden);
  const { states } = await machine.anneal(3);
  holds<Same<typeof states.hidden, Matrix>>();
  // @ts-expect-error: no such layer
  console.log(states.hiden);
  holds<Same<typeof machine.layers.label.type, 'softmax'>>();
  const [a, b] = machine.parameterShapes['image-hidden.weights'];
  const area: number = a * b;
  // @ts-expect-error: no such parameter
  console.log(machine.parameterShapes['image-hiden.weights'], area);
}

/** A program for any machine, and for one read from a file. */
export async function anyMachine(plain: BoltzmannMachine): Promise<void> {
  await plain.fit({ whatever: rows }, { rates: { whatever: 0 } });
  const filled = await plain.impute({ whatever: rows });
  holds<Same<typeof filled.whatever, Matrix>>();
  await plain.sample(1, { layer: 'whatever' });
  plain.getParameter('whatever.bias');
}
export async function specificAsPlain(): Promise<void> {
  await anyMachine(machine);
  const all: BoltzmannMachine[] = [machine, new BoltzmannMachine({ layers: { s: spin(2) }, couplings: [['s', 's']] })];
  const loaded = await BoltzmannMachine.load('file');
  holds<Same<typeof loaded, BoltzmannMachine>>();
  console.log(all);
}

export function wiringInVariables(size: number): void {
  const pair = ['image', 'hidden'] as const;
  new BoltzmannMachine({ layers, couplings: [pair] }).getParameter('image-hidden.weights');
  const couplings = [['image', 'hidden']] as const;
  new BoltzmannMachine({ layers, couplings }).getParameter('image-hidden.weights');
  const mistyped = [['image', 'hiden']] as const;
  // @ts-expect-error: no layer 'hiden'
  new BoltzmannMachine({ layers, couplings: mistyped });
  // Lists that TypeScript widens: names are those of any layers, checked when the machine is made.
  const widened = [['image', 'hidden']];
  new BoltzmannMachine({ layers, couplings: widened }).getParameter('hidden.bias');
  const tuples: [string, string][] = [['image', 'hidden']];
  new BoltzmannMachine({ layers, couplings: tuples }).getParameter('image-hidden.weights');
  const listed: Coupling<'image' | 'hidden'>[] = [pair];
  new BoltzmannMachine({ layers, couplings: listed });
  new BoltzmannMachine({ layers, couplings: [...tuples, ['label', 'hidden']] });
  // @ts-expect-error: no layer 'hiden'
  new BoltzmannMachine({ layers, couplings: [...tuples, ['label', 'hiden']] });
  const ofNames: ['image' | 'label', 'hidden'][] = [['image', 'hidden']];
  new BoltzmannMachine({ layers, couplings: [...ofNames, ['label', 'hidden']] });
  const ofWrongNames: ['image' | 'lable', 'hidden'][] = [['image', 'hidden']];
  // @ts-expect-error: no layer 'lable'
  new BoltzmannMachine({ layers, couplings: ofWrongNames });
  new BoltzmannMachine({ layers, couplings: Object.keys(layers).map((name) => [name, 'hidden']) });
  const named: Record<string, Units> = { [`layer${size}`]: bernoulli(size), hidden: bernoulli(2) };
  new BoltzmannMachine({ layers: named, couplings: [[`layer${size}`, 'hidden']] }).getParameter('anything.bias');
  const grid = new BoltzmannMachine({ layers: { s: spin(9) }, couplings: [['s', 's', { edges: gridEdges([3, 3]) }]] });
  grid.getParameter('s-s.weights');
  // @ts-expect-error: a graph has no `edge`
  new BoltzmannMachine({ layers: { s: spin(9) }, couplings: [['s', 's', { edge: gridEdges([3, 3]) }]] });
}

class Mine extends RBM {
  mine(): number {
    return this.visible;
  }
}
class Digits extends BoltzmannMachine {
  digits(): string[] {
    return Object.keys(this.layers);
  }
}
export async function subclasses(): Promise<void> {
  const mine = await Mine.load('file', { device: 'cpu' });
  holds<Same<typeof mine, Mine>>();
  holds<Same<ReturnType<typeof mine.mine>, number>>();
  const digits = await Digits.load('file');
  holds<Same<typeof digits, Digits>>();
  const rbm = await RBM.load('file');
  holds<Same<typeof rbm, RBM>>();
  // @ts-expect-error: a plain RBM has no such method
  rbm.mine();
}

export async function rbmNames(rbm: RBM): Promise<void> {
  rbm.setParameter('visible-hidden.weights', rows);
  await rbm.fit(rows, { rates: { visible: 0, hidden: 1, 'visible-hidden': 0.5 } });
  // @ts-expect-error: no such parameter
  rbm.getParameter('weights');
  // @ts-expect-error: no such part
  await rbm.fit(rows, { rates: { hiden: 0 } });
  // @ts-expect-error: no such layer
  await rbm.sample(1, { layer: 'hiddn' });
  (await rbm.chains(1)).states('visible');
  // @ts-expect-error: no such layer
  (await rbm.chains(1)).states('v');
}

export function partsOfTables(table: TableData): void {
  const parts = table.split({ train: 0.8, validation: 0.2 }, { seed: 1 });
  holds<Same<typeof parts, Record<'train' | 'validation', TableData>>>();
  // @ts-expect-error: no such part
  parts.test.complete();
  // @ts-expect-error: no such option
  table.split({ train: 1 }, { sed: 1 });
}
