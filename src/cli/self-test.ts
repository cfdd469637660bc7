import ndarray from 'ndarray';
import { BackendError } from '../errors.js';
import { hostBackend, type UsedDevice } from '../machine/backend.js';
import { RBM } from '../models/rbm.js';

/** One known answer: what was checked, whether it came out, and by how much or why not. */
export interface SelfTestResult {
  name: string;
  passed: boolean;
  detail: string;
}

type Check = () => Promise<string>;

// Known answers of Random123 1.14 for ten rounds: all zeros, all ones, and the digits of pi.
const PHILOX_ANSWERS: { counter: number[]; key: number[]; words: number[] }[] = [
  { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

async function philox(): Promise<string> {
  const { addon } = hostBackend;
  for (const { counter, key, words } of PHILOX_ANSWERS) {
    const got = addon.philox4x32(Uint32Array.from(counter), Uint32Array.from(key));
    if (words.some((word, i) => got[i] !== word)) throw new Error(`expected ${hex(words)}, got ${hex([...got])}`);
  }
  return `${PHILOX_ANSWERS.length} known answers`;
}

function hex(words: number[]): string {
  return words.map((word) => word.toString(16).padStart(8, '0')).join(' ');
}

const VISIBLE = 5;
const HIDDEN = 3;

/** Parameters of some size and no pattern, so that a transposition or a lost bias shows. */
function irregular(n: number, phase: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => Math.fround(1.5 * Math.sin(1 + 2.3 * i + phase)));
}

function bitsOf(value: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => (value >> i) & 1);
}

function energy(v: number[], h: number[], w: Float32Array, a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < VISIBLE; i++) sum -= v[i]! * a[i]!;
  for (let j = 0; j < HIDDEN; j++) sum -= h[j]! * b[j]!;
  for (let i = 0; i < VISIBLE; i++) for (let j = 0; j < HIDDEN; j++) sum -= v[i]! * h[j]! * w[i * HIDDEN + j]!;
  return sum;
}

/** F(v) = -log sum_h exp(-E(v, h)), by listing all h. */
function enumeratedFreeEnergy(v: number[], w: Float32Array, a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let h = 0; h < 1 << HIDDEN; h++) sum += Math.exp(-energy(v, bitsOf(h, HIDDEN), w, a, b));
  return -Math.log(sum);
}

/** A small machine, all states of its visible units, and their free energies by enumeration. */
function enumerable(device: UsedDevice): { rbm: RBM; rows: number[][]; freeEnergies: number[] } {
  const [w, a, b] = [irregular(VISIBLE * HIDDEN, 0), irregular(VISIBLE, 1), irregular(HIDDEN, 2)];
  const rbm = new RBM({ visible: VISIBLE, hidden: HIDDEN, device });
  rbm.setParameter('visible-hidden.weights', ndarray(w, [VISIBLE, HIDDEN]));
  rbm.setParameter('visible.bias', a);
  rbm.setParameter('hidden.bias', b);
  const rows = Array.from({ length: 1 << VISIBLE }, (_, value) => bitsOf(value, VISIBLE));
  return { rbm, rows, freeEnergies: rows.map((row) => enumeratedFreeEnergy(row, w, a, b)) };
}

/** The distance between numbers that ought to be the same, as text; an error when it is too far. */
function distance(got: ArrayLike<number>, expected: readonly number[], tolerance: number): string {
  const worst = Math.max(...expected.map((value, i) => Math.abs((got[i] ?? Number.NaN) - value)));
  if (!(worst <= tolerance)) throw new Error(`off by ${worst.toExponential(1)} nats, allowed ${tolerance.toExponential(0)}`);
  return `off by at most ${worst.toExponential(1)} nats`;
}

function freeEnergy(device: UsedDevice, tolerance: number): Check {
  return async () => {
    const { rbm: machine, rows, freeEnergies } = enumerable(device);
    using rbm = machine;
    return `${rows.length} rows, ${distance((await rbm.freeEnergy(rows)).data, freeEnergies, tolerance)}`;
  };
}

async function partition(): Promise<string> {
  const { rbm: machine, freeEnergies } = enumerable('cpu');
  using rbm = machine;
  const expected = Math.log(freeEnergies.reduce((sum, value) => sum + Math.exp(-value), 0));
  const { value, method } = await rbm.logZ();
  return `${method}, ${distance([value], [expected], 1e-4)}`;
}

async function trainedBits(threads: number): Promise<Buffer> {
  const rows = Array.from({ length: 64 }, (_, r) => Array.from({ length: 40 }, (_, c) => ((r * 7 + c * 3) % 11 < 4 ? 1 : 0)));
  using rbm = new RBM({ visible: 40, hidden: 24, seed: 11, device: 'cpu', threads });
  await rbm.fit(rows, { epochs: 3, batchSize: 16, learningRate: 0.05 });
  const weights = rbm.getParameter('visible-hidden.weights').data;
  return Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength);
}

async function determinism(): Promise<string> {
  const [one, again, two] = [await trainedBits(1), await trainedBits(1), await trainedBits(2)];
  if (!one.equals(again)) throw new Error('two runs with the same seed differ');
  if (!one.equals(two)) throw new Error('1 and 2 threads give different parameters');
  return 'same seed, 1 and 2 threads: same bits';
}

interface NamedCheck {
  readonly name: string;
  readonly check: Check;
}

const enumeration = (device: UsedDevice, tolerance: number): NamedCheck => ({
  name: `free energy against enumeration, ${device}`,
  check: freeEnergy(device, tolerance),
});

const CHECKS: NamedCheck[] = [
  { name: 'random numbers (Philox4x32-10)', check: philox },
  enumeration('cpu', 1e-4),
  enumeration('reference', 1e-9),
  { name: 'log Z against enumeration', check: partition },
  { name: 'training is repeatable', check: determinism },
];

/** Runs every known-answer test of the processor; takes well under a second. */
export async function selfTest(): Promise<SelfTestResult[]> {
  const results: SelfTestResult[] = [];
  for (const check of CHECKS) results.push(await resultOf(check));
  return results;
}

/**
 * Runs the known-answer tests of a GPU. What its driver does may end the process, or never end.
 *
 * @throws BackendError where the GPU cannot be used, so that there is no answer.
 */
export async function gpuSelfTest(device: UsedDevice): Promise<SelfTestResult[]> {
  return [await resultOf(enumeration(device, 1e-4), (error) => error instanceof BackendError)];
}

async function resultOf({ name, check }: NamedCheck, isNoAnswer: (error: unknown) => boolean = () => false): Promise<SelfTestResult> {
  try {
    return { name, passed: true, detail: await check() };
  } catch (error) {
    if (isNoAnswer(error)) throw error;
    return { name, passed: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
