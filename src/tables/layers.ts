import { bernoulli, binomial, gaussian, softmax, type Units } from '../wiring/units.js';
import type { TableColumn, Unplaced, UsedColumn } from './columns.js';

/** A layer of a table: its units, and its columns in the order of its places. */
export interface TableLayer {
  readonly units: Units;
  readonly columns: readonly UsedColumn[];
}

/**
 * Gives every column its place: two-valued ones are the units of one layer, `binary`, real numbers
 * those of another, `numbers`. A column of categories or counts is a layer by itself, named after
 * the column, since a layer's units all have the same number of states; so a model can be asked for
 * the probabilities of that column's categories.
 */
export function placeColumns(found: readonly Unplaced[]): { columns: TableColumn[]; layers: ReadonlyMap<string, TableLayer> } {
  const binary = found.filter(({ type }) => type === 'binary').length;
  const numbers = found.filter(({ type }) => type === 'number').length;
  const taken = new Set([...(binary > 0 ? ['binary'] : []), ...(numbers > 0 ? ['numbers'] : [])]);
  const counts = new Map<string, number>();
  const columns = found.map((column, i): TableColumn => {
    if (column.type === 'ignore') return { ...column, layer: null, place: null };
    const layer = column.type === 'binary' ? 'binary' : column.type === 'number' ? 'numbers' : ownLayer(column.name, i, taken);
    const place = counts.get(layer) ?? 0;
    counts.set(layer, place + 1);
    return { ...column, layer, place };
  });
  const used = columns.filter((column): column is UsedColumn => column.type !== 'ignore');
  const order = [...taken];
  const layers = order.map((name): [string, TableLayer] => {
    const own = used.filter(({ layer }) => layer === name);
    return [name, { units: unitsOf(own), columns: own }];
  });
  return { columns, layers: new Map(layers) };
}

function ownLayer(column: string, i: number, taken: Set<string>): string {
  const start = isLayerName(column) ? column : `column ${i + 1}`;
  let name = start;
  for (let k = 2; taken.has(name); k++) name = `${start} ${k}`;
  taken.add(name);
  return name;
}

/** Layers' names stand in files and messages; these are the rules for them. */
function isLayerName(name: string): boolean {
  return name !== '' && name.length < 190 && !/[\x00-\x1f\x7f]|\p{Surrogate}/u.test(name) && !name.startsWith('training/');
}

function unitsOf(columns: readonly UsedColumn[]): Units {
  const [first] = columns;
  switch (first?.type) {
    case 'category':
      return softmax(first.labels.length);
    case 'count':
      return binomial(1, first.max);
    case 'number':
      return gaussian(columns.length);
    default:
      return bernoulli(columns.length);
  }
}
