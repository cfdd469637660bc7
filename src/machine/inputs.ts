import { ShapeError } from '../errors.js';
import type { LayerInput } from './host.js';

/** Rows by layer as a model's public call took them, described. */
export type Inputs = readonly LayerInput[];

/** The number of rows, the same for all inputs. */
export function rowCount(call: string, inputs: Inputs): number {
  const [first, ...others] = inputs;
  const rows = first?.host.rows ?? 0;
  for (const { host, where } of others) {
    if (host.rows !== rows) {
      throw new ShapeError(
        `${call}: \`${where.argument}\` must have ${rows} rows, as many as \`${first?.where.argument}\`, got ${host.rows}`,
      );
    }
  }
  return rows;
}
