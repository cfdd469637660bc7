import { z } from 'zod';
import { readFrom } from '../arguments.js';
import { FormatError } from '../errors.js';
import type { Label, TableColumn, Unplaced } from './columns.js';

const label = z.union([z.string(), z.number(), z.boolean()]);
const named = { name: z.string().refine((name) => name !== '__proto__'), missing: z.number().int().nonnegative() };
const differ = (labels: readonly Label[]) => new Set(labels.map((each) => String(each).trim())).size === labels.length;
const column = z.discriminatedUnion('type', [
  z.strictObject({ ...named, type: z.literal('binary'), labels: z.tuple([label, label]).refine(differ) }),
  z.strictObject({ ...named, type: z.literal('category'), labels: z.array(label).min(2).refine(differ) }),
  z.strictObject({
    ...named,
    type: z.literal('number'),
    mean: z.number(),
    sd: z.number().positive(),
    decimals: z.number().int().min(0).max(20).nullable(),
  }),
  z.strictObject({
    ...named,
    type: z.literal('count'),
    max: z
      .number()
      .int()
      .min(1)
      .max(2 ** 24),
  }),
  z.strictObject({ ...named, type: z.literal('ignore') }),
]);
const table = z.strictObject({
  format: z.literal('boltzkit-table'),
  version: z.literal(1),
  missing: z.array(z.string()),
  columns: z.array(column).refine((columns) => new Set(columns.map(({ name }) => name)).size === columns.length, 'names must differ'),
});

/** A table without its rows, for a file. */
export interface TableJson {
  /** What the file is. */
  readonly format: 'boltzkit-table';
  /** Of the form of this object. */
  readonly version: 1;
  /** Texts that stand for missing values. */
  readonly missing: readonly string[];
  /** All columns in order, without their places. */
  readonly columns: readonly Unplaced[];
}

export function toJson(columns: readonly TableColumn[], missing: readonly string[]): TableJson {
  const bare = columns.map(({ layer: _, place: __, ...rest }) => rest as Unplaced);
  return { format: 'boltzkit-table', version: 1, missing: [...missing], columns: structuredClone(bare) };
}

/** Checks what a file holds. */
export function fromJson(call: string, json: unknown): { columns: Unplaced[]; missing: string[] } {
  const { success, data, error } = readFrom(call, 'json', () => table.safeParse(json));
  if (success) return { columns: data.columns as Unplaced[], missing: data.missing };
  const [issue] = error.issues;
  throw new FormatError(`${call}: \`json\` does not describe a table: ${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}
