/**
 * One unit of every type as a sum over its states: all of them, or the middles of small cells where states are real numbers. Written from the
 * definitions in docs/math.md.
 */
import { bernoulli, binomial, counts, doubleRelu, gaussian, relu, softmax, spin, type Units } from '../../src/index.js';

/** A state (or the middle of a cell of states) and log(measure × size of the cell) − U(s). */
export interface UnitState {
  readonly s: number[];
  readonly logWeight: number;
}

/** A layer of one unit. */
export interface SingleUnit {
  readonly units: Units;
  /** Parameters as a machine keeps them, [parameters, places]. */
  readonly parameters: number[][];
  /** States; cells of real ones are this wide. */
  states(cell: number): UnitState[];
  /** Energies of rows: U(s) − log measure(s). */
  energy(s: number[]): number;
  /** The bin of a state: all states of finitely many, some stretches of real ones. Ends of stretches are multiples of 0.1. */
  bin(s: number[]): string;
}

const own = (s: number[]) => s.join();
const stretch = ([s]: number[]) => String([-1, -0.3, 0.4, 1.2].filter((end) => s! >= end).length);

function discrete(units: Units, bias: number[], all: number[][], measure: (s: number[]) => number = () => 1): SingleUnit {
  const energy = (s: number[]) => -bias.reduce((sum, b, i) => sum + b * s[i]!, 0) - Math.log(measure(s));
  return { units, parameters: [bias], states: () => all.map((s) => ({ s, logWeight: -energy(s) })), energy, bin: own };
}

function real(units: Units, parameters: number[], low: number, energy: (s: number) => number): SingleUnit {
  const states = (cell: number) =>
    Array.from({ length: Math.round((8 - low) / cell) }, (_, i) => {
      const s = low + (i + 0.5) * cell;
      return { s: [s], logWeight: Math.log(cell) - energy(s) };
    });
  return { units, parameters: parameters.map((p) => [p]), states, energy: ([s]) => energy(s!), bin: stretch };
}

const quadratic = (b: number, rho: number) => (s: number) => (Math.exp(rho) * s * s) / 2 - b * s;
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
/** Words of a row of counts. */
const words = 2;
const compositions = [0, 1, 2].flatMap((i) => [0, 1, 2].filter((j) => i + j <= words).map((j) => [i, j, words - i - j]));

/** Of every type one; numbers are exact in single precision. */
export const singleUnits: Record<Units['type'], SingleUnit> = {
  bernoulli: discrete(bernoulli(1), [0.25], [[0], [1]]),
  spin: discrete(spin(1), [-0.375], [[-1], [1]]),
  softmax: discrete(softmax(3), [0.5, -0.25, 0], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]), // biome-ignore format: a row
  binomial: discrete(binomial(1, 3), [-0.5], [[0], [1], [2], [3]], ([n]) => 6 / factorial(n!) / factorial(3 - n!)),
  counts: discrete(counts(3), [0.25, 0, -0.5], compositions, (s) => s.reduce((m, n) => m / factorial(n), factorial(words))),
  gaussian: real(gaussian(1), [0.25, 0.125], -8, quadratic(0.25, 0.125)),
  relu: real(relu(1), [0.5, 0.25], 0, quadratic(0.5, 0.25)),
  doubleRelu: real(doubleRelu(1), [0.5, 0.25, 0.25, 0.5], -8, (s) => (s >= 0 ? quadratic(0.5, 0.25) : quadratic(0.25, 0.5))(s)),
};
