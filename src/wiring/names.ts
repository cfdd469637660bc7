/** The names of a machine's layers, couplings and parameters, as types. */
import type { GraphOptions } from './graph.js';
import type { Units } from './units.js';

/** Layers by name, in order. */
export type Layers = Readonly<Record<string, Units>>;

/** The names of layers. */
export type LayerName<L extends Layers> = keyof L & string;

/**
 * Two coupled layers. A layer may be coupled to itself (every unit to every other), or only along the edges of a graph:
 * `['spins', 'spins', { edges: gridEdges([64, 64]) }]`.
 */
export type Coupling<Name extends string = string> = readonly [Name, Name] | readonly [Name, Name, GraphOptions];

/** A list of couplings, each pair of layers once; `readonly string[]` is what TypeScript makes of a list in a variable. */
export type Couplings = readonly (Coupling | readonly string[])[];

/** Couplings whose names, as far as their types tell them, are those of layers. */
export type CheckedCouplings<C extends Couplings, Name extends string> = {
  readonly [I in keyof C]: C[I] extends readonly [infer A, infer B, ...infer Rest]
    ? readonly [Checked<A, Name>, Checked<B, Name>, ...Rest]
    : C[I];
};
type Checked<A, Name> = string extends A ? A : Name;

/** The same of an argument: a list without a fixed length, as `[...list, ['a', 'b']]` is one, must not be an intersection to be inferred. */
export type GivenCouplings<C extends Couplings, Name extends string> = number extends C['length']
  ? C extends CheckedCouplings<C, Name>
    ? C
    : CheckedCouplings<C, Name>
  : C & CheckedCouplings<C, Name>;

/** The names of couplings: `'image-hidden'` for `['image', 'hidden']`. */
export type CouplingName<C extends Couplings> = C[number] extends infer P
  ? P extends readonly [infer A extends string, infer B extends string, ...unknown[]]
    ? `${A}-${B}`
    : `${string}-${string}`
  : never;

/** The parts of a machine with parameters of their own: layers and couplings. */
export type PartName<L extends Layers, C extends Couplings> = LayerName<L> | CouplingName<C>;

/** Unit types with more than one parameter per unit. */
type Several = 'gaussian' | 'relu' | 'doubleRelu';

type OfLayer<Name extends string, Type> = Type extends Several ? `${Name}.parameters` : `${Name}.bias`;

/** The names of parameter tensors: 'image-hidden.weights', 'hidden.bias', or 'image.parameters' for units with several parameters. */
export type ParameterName<L extends Layers, C extends Couplings> =
  string extends LayerName<L> ? string : { [K in LayerName<L>]: OfLayer<K, L[K]['type']> }[LayerName<L>] | `${CouplingName<C>}.weights`;

/** The names of layers of softmax units. */
export type SoftmaxName<L extends Layers> = { [K in LayerName<L>]: 'softmax' extends L[K]['type'] ? K : never }[LayerName<L>];
