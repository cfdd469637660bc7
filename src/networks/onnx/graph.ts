import { littleEndianBytes } from '../../io/bytes.js';
import { attributeTypes, elementTypes, type Message } from './message.js';

/** The name of a tensor in a graph. */
export type Value = string;

/** Attributes of an operator: whole numbers, and floats marked as such. */
export type Attributes = Readonly<Record<string, number | { readonly float: number }>>;

/** Gathers the operators and constants of a graph, in the order in which they are computed. */
export class GraphBuilder {
  readonly #nodes: Message[] = [];
  readonly #initializers: Message[] = [];
  readonly #names = new Set<string>();
  readonly #scalars = new Map<number, Value>();
  #scope = '';

  /** Names of what follows begin with this. */
  in(scope: string): void {
    this.#scope = scope;
  }

  /** Keeps a name for a tensor from outside, such as the input. */
  reserve(name: string): Value {
    this.#names.add(name);
    return name;
  }

  /** An operator's only output. */
  node(operator: string, inputs: readonly Value[], what: string, attributes: Attributes = {}): Value {
    const output = this.#name(what);
    this.nodeTo(output, operator, inputs, attributes);
    return output;
  }

  /** An operator whose output has a name already. */
  nodeTo(output: Value, operator: string, inputs: readonly Value[], attributes: Attributes = {}): void {
    const given = Object.entries(attributes).map(([name, value]) =>
      typeof value === 'number' ? { name, int: value, type: attributeTypes.int } : { name, float: value.float, type: attributeTypes.float },
    );
    this.#nodes.push({ inputs, outputs: [output], name: `${output}_${operator}`, operator, attributes: given });
  }

  /** A constant array of single-precision numbers. */
  floats(what: string, values: Float32Array, dims: readonly number[]): Value {
    return this.#tensor(this.#name(what), dims, elementTypes.float, littleEndianBytes(values));
  }

  /** A constant shape. */
  shape(what: string, sizes: readonly number[]): Value {
    const values = BigInt64Array.from(sizes, BigInt);
    return this.#tensor(this.#name(what), [sizes.length], elementTypes.int64, littleEndianBytes(values));
  }

  /** A constant number, which a graph holds once. */
  scalar(value: number): Value {
    const known = this.#scalars.get(value);
    if (known !== undefined) return known;
    const name = this.#unique(`constant_${this.#scalars.size}`);
    this.#scalars.set(value, name);
    return this.#tensor(name, [], elementTypes.float, littleEndianBytes(Float32Array.of(value)));
  }

  /** The fields of the graph, save its name, inputs and outputs. */
  fields(): Message {
    return { nodes: this.#nodes, initializers: this.#initializers };
  }

  #tensor(name: Value, dims: readonly number[], elementType: number, data: Uint8Array): Value {
    this.#initializers.push({ dims, elementType, name, data });
    return name;
  }

  #name(what: string): Value {
    return this.#unique(this.#scope === '' ? what : `${this.#scope}_${what}`);
  }

  /** Names in ONNX are identifiers of C, each of which a graph has once. */
  #unique(wanted: string): Value {
    const plain = wanted.replace(/\W/g, '_').replace(/^(?=\d)/, '_');
    let name = plain;
    for (let i = 2; this.#names.has(name); i++) name = `${plain}_${i}`;
    this.#names.add(name);
    return name;
  }
}
