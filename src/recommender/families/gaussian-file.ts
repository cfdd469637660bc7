/** A Gaussian rating machine in a file: its settings, kept samples, cut points, and the sampler's state. */
import type { Tensor } from '../../io/safetensors.js';
import { TensorStock, type ValueCheck } from '../../io/tensor-stock.js';
import type { NativeGaussian, NativeGaussianSide } from '../../machine/native-gaussian.js';
import { savedSeed } from '../../models/file-values.js';
import { finite } from '../../models/value-checks.js';
import type { SavedModel } from '../family.js';
import type { Features } from './gaussian-features.js';
import { conditionals, type GaussianSettings } from './gaussian-options.js';

/** Factors, biases and weights are of the order of 1; sums of squares of such numbers stay finite. */
const moderate = finite(-1e6, 1e6);
const large = finite(-1e12, 1e12);
const positive: ValueCheck = finite(1e-12, 1e12);

const f32 = (shape: readonly number[], data: Float32Array): Tensor => ({ dtype: 'F32', shape, data });
const u32 = (data: Uint32Array): Tensor => ({ dtype: 'U32', shape: [data.length], data });
const f64 = (shape: readonly number[], data: Float64Array): Tensor => ({ dtype: 'F64', shape, data });

/** Everything that {@link loadGaussian} needs. */
export function saveGaussian(settings: GaussianSettings, native: NativeGaussian): SavedModel {
  const tensors = new Map<string, Tensor>();
  const { features, ...plain } = settings;
  const { hidden, items } = settings;
  const k = hidden + 1;
  const samples = Array.from({ length: native.samples }, (_, s) => native.sample(s));
  const n = samples.length;
  tensors.set('samples/factors', f32([n, items, hidden], joinedFloats(samples.map(({ factors }) => factors))));
  tensors.set('samples/biases', f32([n, items], joinedFloats(samples.map(({ biases }) => biases))));
  tensors.set('samples/mean', f64([n, k], joinedDoubles(samples.map(({ mean }) => mean))));
  tensors.set('samples/precision', f64([n, k, k], joinedDoubles(samples.map(({ precision }) => precision))));
  tensors.set(
    'samples/noise',
    f64(
      [n],
      Float64Array.from(samples, ({ noise }) => noise),
    ),
  );
  const weights = samples.flatMap((sample) => (sample.weights === null ? [] : [sample.weights]));
  if (weights.length > 0) tensors.set('samples/weights', f32([n, items, k], joinedFloats(weights)));
  const { cuts, spread } = native.values();
  tensors.set('cuts', f64([cuts.length], cuts));
  const state = native.state();
  if (state !== null) {
    saveSide(tensors, 'users', state.users, k);
    saveSide(tensors, 'items', state.items, k);
    tensors.set('state/noise', f64([1], Float64Array.of(state.noise)));
    if (state.cuts.length > 0) tensors.set('state/cuts', f64([state.cuts.length], state.cuts));
  }
  if (features !== undefined) {
    tensors.set('features/offsets', u32(features.offsets));
    tensors.set('features/units', u32(features.units));
  }
  return {
    tensors,
    settings: { ...plain, features: features?.count ?? 0, seed: String(settings.seed), spread, sweeps: state?.sweeps ?? null },
  };
}

function saveSide(tensors: Map<string, Tensor>, name: string, side: NativeGaussianSide, k: number): void {
  const rows = side.biases.length;
  tensors.set(`state/${name}/factors`, f32([rows, k - 1], side.factors));
  tensors.set(`state/${name}/biases`, f32([rows], side.biases));
  tensors.set(`state/${name}/mean`, f64([k], side.mean));
  tensors.set(`state/${name}/precision`, f64([k, k], side.precision));
  side.layers.forEach(({ weights, precision }, l) => {
    tensors.set(`state/${name}/weights/${l}`, f32([weights.length / k, k], weights));
    tensors.set(`state/${name}/weights-precision/${l}`, f64([k, k], precision));
  });
}

function joinedFloats(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function joinedDoubles(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** The settings in a file, and a function that hands what else it holds to the addon. */
export function loadGaussian(saved: SavedModel, what: string): { settings: GaussianSettings; fill: (native: NativeGaussian) => void } {
  const stock = new TensorStock(what, saved.tensors);
  const settings = savedSettings(stock, saved.settings);
  const { spread, sweeps } = saved.settings;
  if (typeof spread !== 'number' || !(spread > 1e-12 && spread < 1e12)) stock.fail('has a damaged spread');
  if (sweeps !== null && !isWhole(sweeps, 0, 2 ** 46)) stock.fail('has a damaged number of sweeps');
  const { hidden, items, samples: n, conditional, values, visible } = settings;
  const k = hidden + 1;
  const factors = takeFloats(stock, 'samples/factors', [n, items, hidden]);
  const biases = takeFloats(stock, 'samples/biases', [n, items]);
  const mean = takeDoubles(stock, 'samples/mean', [n, k], large);
  const precision = takeDoubles(stock, 'samples/precision', [n, k, k], large);
  const noise = takeDoubles(stock, 'samples/noise', [n], positive);
  const byUsers = conditional === 'both' || conditional === 'users';
  const weights = byUsers ? takeFloats(stock, 'samples/weights', [n, items, k]) : null;
  const cuts = takeDoubles(stock, 'cuts', [Math.max(0, values.length - 1)], large);
  const state =
    sweeps === null
      ? null
      : {
          sweeps: sweeps as number,
          noise: takeDoubles(stock, 'state/noise', [1], positive)[0] as number,
          cuts: visible === 'ordinal' ? takeDoubles(stock, 'state/cuts', [cuts.length], large) : new Float64Array(0),
          users: takeSide(stock, 'users', k, byUsers ? [null] : []),
          items: takeSide(stock, 'items', k, [
            ...(conditional === 'both' || conditional === 'items' ? [null] : []),
            ...(settings.features === undefined ? [] : [settings.features.count]),
          ]),
        };
  stock.assertEmpty();
  const fill = (native: NativeGaussian) => {
    try {
      native.setModel(items, Float64Array.from(values), cuts, spread as number, n);
      for (let s = 0; s < n; s++) {
        native.addSample({
          factors: factors.subarray(s * items * hidden, (s + 1) * items * hidden),
          biases: biases.subarray(s * items, (s + 1) * items),
          mean: mean.subarray(s * k, (s + 1) * k),
          precision: precision.subarray(s * k * k, (s + 1) * k * k),
          weights: weights?.subarray(s * items * k, (s + 1) * items * k) ?? null,
          noise: noise[s] as number,
        });
      }
      if (state !== null) native.setState(state);
    } catch (error) {
      stock.fail('does not hold a valid Gaussian rating machine', error);
    }
  };
  return { settings, fill };
}

/** `layers`: units of each clamped layer, null where the file may say. */
function takeSide(stock: TensorStock, name: string, k: number, layers: readonly (number | null)[]): NativeGaussianSide {
  const rows = stock.shape(`state/${name}/biases`)[0] ?? 0;
  return {
    factors: takeFloats(stock, `state/${name}/factors`, [rows, k - 1]),
    biases: takeFloats(stock, `state/${name}/biases`, [rows]),
    mean: takeDoubles(stock, `state/${name}/mean`, [k], large),
    precision: takeDoubles(stock, `state/${name}/precision`, [k, k], large),
    layers: layers.map((units, l) => ({
      weights: takeFloats(stock, `state/${name}/weights/${l}`, [units, k]),
      precision: takeDoubles(stock, `state/${name}/weights-precision/${l}`, [k, k], large),
    })),
  };
}

function takeFeatures(stock: TensorStock, count: unknown, items: number): Features | undefined {
  if (count === 0) return undefined;
  if (!isWhole(count, 1, 100_000)) return stock.fail('has a damaged number of features');
  const offsets = stock.take('features/offsets', { types: ['U32'], shape: [items + 1] });
  const units = stock.take('features/units', { types: ['U32'], shape: [null] });
  const rise = offsets[0] === 0 && offsets[items] === units.length && offsets.every((at, i) => i === 0 || at >= (offsets[i - 1] as number));
  if (!rise || units.some((unit) => unit >= count)) stock.fail('has damaged features of items');
  return { count, offsets, units };
}

function takeFloats(stock: TensorStock, name: string, shape: readonly (number | null)[]): Float32Array {
  return stock.take(name, { types: ['F32'], shape, check: moderate });
}

function takeDoubles(stock: TensorStock, name: string, shape: readonly (number | null)[], check: ValueCheck): Float64Array {
  return stock.take(name, { types: ['F64'], shape, check });
}

const isWhole = (value: unknown, low: number, high: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;

function savedSettings(stock: TensorStock, given: Readonly<Record<string, unknown>>): GaussianSettings {
  const wholes = { hidden: [1, 512], samples: [1, 1000], burnIn: [0, 100_000], thin: [1, 100_000], items: [1, 2 ** 31 - 1] } as const;
  const numbers = Object.entries(wholes).map(([name, [low, high]]) => {
    const value = given[name];
    return [name, isWhole(value, low, high) ? value : stock.fail(`has a damaged setting \`${name}\``)] as const;
  });
  const whole = Object.fromEntries(numbers) as { [name in keyof typeof wholes]: number };
  const { conditional, centre, scale, values, visible } = given;
  const seed = savedSeed(given.seed);
  if (typeof seed !== 'bigint' || seed >= 1n << 64n) return stock.fail('has a damaged seed');
  if (!(typeof centre === 'number' && Math.abs(centre) <= 3e38)) return stock.fail('has a damaged setting `centre`');
  if (!(typeof scale === 'number' && scale > 1e-30 && scale <= 3e38)) return stock.fail('has a damaged setting `scale`');
  const known = conditionals.find((each) => each === conditional) ?? stock.fail('has a damaged setting `conditional`');
  const rise = Array.isArray(values) && values.every((x, i) => Number.isFinite(x) && (i === 0 || x > values[i - 1]));
  if (!rise || values.length === 1 || values.length > 1000) return stock.fail('has damaged values of its scale');
  if (visible !== 'gaussian' && visible !== 'ordinal') return stock.fail('has a damaged setting `visible`');
  if (visible === 'ordinal' && values.length < 2) stock.fail('has no scale of ordinal ratings');
  const features = takeFeatures(stock, given.features, whole.items);
  return { ...whole, features, conditional: known, visible, seed, centre, scale, values: values as number[] };
}
