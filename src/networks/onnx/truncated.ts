/**
 * The mean of rectified units in operators of ONNX. Such a unit is a normal distribution cut off at 0:
 * with z = (field + bias) / √γ and a = −z,
 *
 *   mean = (λ(a) − a) / √γ,   λ(a) = φ(a) / Q(a),   log ∫ exp(x s − γ s² / 2) ds = −log(√γ λ(a)),
 *
 * with φ and Q of the standard normal distribution (Tubiana, Cocco & Monasson, eLife 8, 2019; the
 * native half has the same in units/truncated_normal.hpp). ONNX has Erf but no complement of it, and
 * 1 − Erf has no digits left where a unit is nearly off. So the excess e(b) = λ(b) − b for b = |a| is a
 * polynomial in single precision here, and the other side follows from it:
 *
 *   λ(−b) = φ(b) / (1 − φ(b) / (b + e(b))),   where the denominator is in [½, 1].
 *
 * Deviation: single precision. Errors are below 10⁻⁶ of the mean, measured.
 */
import type { GraphBuilder, Value } from './graph.js';

/**
 * e(b) = u · Σ c_k (2u − 1)^k with u = 2 / (2 + b): fitted at Chebyshev's points to the integral
 * 1 / (e(b) + b) = ∫ exp(−b s − s² / 2) ds. Its relative error is at most 5·10⁻⁸ for all b ≥ 0.
 */
export const excessCoefficients = [
  0.746431086732, 0.167801379016, -0.13234279636, -0.0118000191473, 0.0444626160022, -0.0147764922148, -0.00934839484195, 0.0109535946226,
  -0.00190829560242, -0.0038109098651, 0.0021849680087, 0.000574718467369, -0.000536925332251,
] as const;

const halfLogTwoPi = Math.log(2 * Math.PI) / 2;

/** What one side of a unit is, given z: all in standard units. */
interface Side {
  /** Mean times √γ. */
  readonly mean: Value;
  /** log λ(−z). */
  readonly logRate: () => Value;
}

/** The operators for one side. */
export function truncatedNormal(graph: GraphBuilder, z: Value, what: string): Side {
  const node = (operator: string, inputs: readonly Value[], name: string) => graph.node(operator, inputs, `${what}_${name}`);
  const b = node('Abs', [z], 'distance');
  const excess = excessOf(graph, b, what);
  const rate = node('Add', [b, excess], 'rate');
  const halfSquare = node('Mul', [node('Mul', [b, b], 'square'), graph.scalar(-0.5)], 'exponent');
  const density = node('Exp', [node('Sub', [halfSquare, graph.scalar(halfLogTwoPi)], 'log_density')], 'density');
  const kept = node('Sub', [graph.scalar(1), node('Div', [density, rate], 'lost')], 'kept');
  const isOn = node('Greater', [z, graph.scalar(0)], 'is_on');
  const meanOn = node('Add', [b, node('Div', [density, kept], 'shift')], 'mean_on');
  return {
    mean: node('Where', [isOn, meanOn, excess], 'mean'),
    // log φ(b) is kept as it is: its exponential is 0 in single precision from b = 14 on.
    logRate: () => {
      const on = node('Sub', [node('Sub', [halfSquare, graph.scalar(halfLogTwoPi)], 'log_phi'), node('Log', [kept], 'log_kept')], 'log_on');
      return node('Where', [isOn, on, node('Log', [rate], 'log_off')], 'log_rate');
    },
  };
}

/** Horner's rule, highest coefficient first. */
function excessOf(graph: GraphBuilder, b: Value, what: string): Value {
  const node = (operator: string, inputs: readonly Value[], name: string) => graph.node(operator, inputs, `${what}_${name}`);
  const two = graph.scalar(2);
  const u = node('Div', [two, node('Add', [b, two], 'shifted')], 'u');
  const t = node('Sub', [node('Mul', [u, two], 'doubled'), graph.scalar(1)], 't');
  const [top, ...rest] = [...excessCoefficients].reverse() as [number, ...number[]];
  let sum = graph.scalar(top);
  for (const coefficient of rest) sum = node('Add', [node('Mul', [sum, t], 'product'), graph.scalar(coefficient)], 'sum');
  return node('Mul', [sum, u], 'excess');
}
