/** The mean of each unit type, given the inputs of its layer, in operators of ONNX. */
import { ParameterError } from '../../errors.js';
import type { UnitType } from '../../wiring/units.js';
import type { FeedForwardLayer } from '../feed-forward.js';
import type { GraphBuilder, Value } from './graph.js';
import { truncatedNormal } from './truncated.js';

/** A layer with the number of its inputs. */
export interface ExportedLayer extends FeedForwardLayer {
  readonly inputs: number;
}

type Mean = (graph: GraphBuilder, input: Value, layer: ExportedLayer) => Value;

const means: Readonly<Record<UnitType, Mean | string>> = {
  bernoulli: (graph, input, layer) => graph.node('Sigmoid', [biasedField(graph, input, layer)], 'mean'),
  spin: (graph, input, layer) => graph.node('Tanh', [biasedField(graph, input, layer)], 'mean'),
  softmax: softmaxMean,
  // The precision is a factor of each column, so it goes into the weights.
  gaussian: (graph, input, layer) => biasedField(graph, input, layer, (_, logPrecision) => Math.exp(-logPrecision)),
  relu: (graph, input, layer) => {
    const deviations = deviationsOf(layer, 1);
    const z = biasedField(graph, input, layer, (j) => deviations[j] as number, 'standard_field');
    return graph.node('Mul', [truncatedNormal(graph, z, 'positive').mean, row(graph, 'deviation', deviations)], 'mean');
  },
  doubleRelu: doubleReluMean,
  binomial: (graph, input, layer) => {
    const share = graph.node('Sigmoid', [biasedField(graph, input, layer)], 'share');
    return graph.node('Mul', [share, graph.scalar(layer.size)], 'mean');
  },
  counts: 'their mean depends on the number of words in the row, which no layer below knows',
};

/** Adds a layer; its output is the mean of its units. */
export function addLayer(call: string, graph: GraphBuilder, input: Value, layer: ExportedLayer): Value {
  const mean = means[layer.type];
  if (typeof mean === 'function') return mean(graph, input, layer);
  throw new ParameterError(`${call}: layer '${layer.name}' has units of type '${layer.type}', which ONNX cannot express: ${mean}`);
}

/** input · weights + bias, every column times a factor that depends on its place and its second parameter. */
function biasedField(
  graph: GraphBuilder,
  input: Value,
  { inputs, places, weights, parameters }: ExportedLayer,
  factor: (place: number, second: number) => number = () => 1,
  what = 'field',
): Value {
  const factors = Float64Array.from({ length: places }, (_, j) => factor(j, parameters[places + j] ?? 0));
  const scaled = Float32Array.from(weights, (weight, i) => weight * (factors[i % places] as number));
  const bias = Float32Array.from({ length: places }, (_, j) => (parameters[j] as number) * (factors[j] as number));
  return graph.node('Gemm', [input, graph.floats('weights', scaled, [inputs, places]), graph.floats('bias', bias, [places])], what);
}

/** 1 / √γ of the precision in a row of the parameters. */
function deviationsOf({ places, parameters }: ExportedLayer, parameter: number): Float64Array {
  return Float64Array.from({ length: places }, (_, j) => Math.exp(-(parameters[parameter * places + j] as number) / 2));
}

function row(graph: GraphBuilder, what: string, values: Float64Array): Value {
  return graph.floats(what, Float32Array.from(values), [values.length]);
}

function softmaxMean(graph: GraphBuilder, input: Value, layer: ExportedLayer): Value {
  const field = biasedField(graph, input, layer);
  const { places, size } = layer;
  if (places === size) return graph.node('Softmax', [field], 'mean', { axis: 1 });
  const groups = graph.node('Reshape', [field, graph.shape('grouped', [-1, places / size, size])], 'groups');
  const shares = graph.node('Softmax', [groups], 'shares', { axis: 2 });
  return graph.node('Reshape', [shares, graph.shape('flat', [-1, places])], 'mean');
}

/**
 * Two cut normal distributions back to back: p · up − (1 − p) · down, with p the share of the upper
 * one's integral. The integrals are compared as logarithms.
 */
function doubleReluMean(graph: GraphBuilder, input: Value, layer: ExportedLayer): Value {
  const { inputs, places, weights, parameters } = layer;
  const node = (operator: string, of: readonly Value[], what: string) => graph.node(operator, of, what);
  const field = node('MatMul', [input, graph.floats('weights', Float32Array.from(weights), [inputs, places])], 'field');
  const side = (what: string, first: number, sign: 1 | -1) => {
    const deviations = deviationsOf(layer, first + 1);
    const bias = Float64Array.from({ length: places }, (_, j) => parameters[first * places + j] as number);
    const signed = row(
      graph,
      `${what}_scale`,
      deviations.map((deviation) => sign * deviation),
    );
    const z = node('Mul', [node('Add', [field, row(graph, `${what}_bias`, bias)], `${what}_biased`), signed], `${what}_standard`);
    const { mean, logRate } = truncatedNormal(graph, z, what);
    const logDeviation = row(graph, `${what}_log_deviation`, deviations.map(Math.log));
    return {
      mean: node('Mul', [mean, row(graph, `${what}_deviation`, deviations)], `${what}_scaled_mean`),
      logIntegral: node('Sub', [logDeviation, logRate()], `${what}_log_integral`),
    };
  };
  const [up, down] = [side('up', 0, 1), side('down', 2, -1)];
  const share = node('Sigmoid', [node('Sub', [up.logIntegral, down.logIntegral], 'log_odds')], 'share');
  const rest = node('Sub', [graph.scalar(1), share], 'other_share');
  return node('Sub', [node('Mul', [share, up.mean], 'part_up'), node('Mul', [rest, down.mean], 'part_down')], 'mean');
}
