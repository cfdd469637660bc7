/**
 * The messages of an ONNX file, as far as a feed-forward network needs them. Names and field numbers
 * are those of onnx.proto3 (ONNX IR version 7, https://onnx.ai/onnx/repo-docs/IR.html).
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A number that says how a tensor's elements or an attribute's value are stored. */
export const elementTypes = { float: 1, int64: 7 } as const;
export const attributeTypes = { float: 1, int: 2 } as const;

/** A field: its number, and how its value is written. */
type Field = readonly [number: number, kind: 'int64' | 'float' | 'string' | 'bytes' | 'packed' | MessageName];

const messages = {
  model: {
    irVersion: [1, 'int64'],
    producerName: [2, 'string'],
    producerVersion: [3, 'string'],
    description: [6, 'string'],
    graph: [7, 'graph'],
    operatorSets: [8, 'operatorSet'],
    metadata: [14, 'entry'],
  },
  operatorSet: { domain: [1, 'string'], version: [2, 'int64'] },
  entry: { key: [1, 'string'], value: [2, 'string'] },
  graph: { nodes: [1, 'node'], name: [2, 'string'], initializers: [5, 'tensor'], inputs: [11, 'value'], outputs: [12, 'value'] },
  node: { inputs: [1, 'string'], outputs: [2, 'string'], name: [3, 'string'], operator: [4, 'string'], attributes: [5, 'attribute'] },
  attribute: { name: [1, 'string'], float: [2, 'float'], int: [3, 'int64'], type: [20, 'int64'] },
  tensor: { dims: [1, 'packed'], elementType: [2, 'int64'], name: [8, 'string'], data: [9, 'bytes'] },
  value: { name: [1, 'string'], type: [2, 'type'] },
  type: { tensor: [1, 'tensorType'] },
  tensorType: { elementType: [1, 'int64'], shape: [2, 'shape'] },
  shape: { dims: [1, 'dimension'] },
  dimension: { size: [1, 'int64'], name: [2, 'string'] },
} as const satisfies Record<string, Record<string, readonly [number, string]>>;

type MessageName = keyof typeof messages;
/** A value of a field: a list for one that is repeated. */
type FieldValue = number | string | Uint8Array | Message | readonly number[] | readonly string[] | readonly Message[];
/** A message by the names of its fields. */
export interface Message {
  readonly [field: string]: FieldValue | undefined;
}

/** A model's fields as bytes. */
export function encodeModel(model: Message): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, 'model', model);
  return writer.finish();
}

function writeMessage(writer: BinaryWriter, name: MessageName, message: Message): void {
  const fields = messages[name] as Readonly<Record<string, Field>>;
  for (const [key, value] of Object.entries(message)) {
    if (value === undefined) continue;
    const [number, kind] = fields[key] as Field;
    if (kind === 'packed') {
      writer.tag(number, WireType.LengthDelimited).fork();
      for (const one of value as readonly number[]) writer.int64(one);
      writer.join();
    } else {
      for (const one of Array.isArray(value) ? value : [value]) writeValue(writer, number, kind, one);
    }
  }
}

function writeValue(writer: BinaryWriter, number: number, kind: Exclude<Field[1], 'packed'>, value: unknown): void {
  switch (kind) {
    case 'int64':
      writer.tag(number, WireType.Varint).int64(value as number);
      return;
    case 'float':
      writer.tag(number, WireType.Bit32).float(value as number);
      return;
    case 'string':
      writer.tag(number, WireType.LengthDelimited).string(value as string);
      return;
    case 'bytes':
      writer.tag(number, WireType.LengthDelimited).bytes(value as Uint8Array);
      return;
    default:
      writer.tag(number, WireType.LengthDelimited).fork();
      writeMessage(writer, kind, value as Message);
      writer.join();
  }
}
