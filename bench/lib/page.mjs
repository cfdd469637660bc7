// The part of docs/performance.md that is made from a file of results.
import { readFileSync, writeFileSync } from 'node:fs';
import { summary } from './table.mjs';

const page = new URL('../../docs/performance.md', import.meta.url);
const marks = ['<!-- tables: begin (node bench/tables.mjs) -->', '<!-- tables: end -->'];

/** Puts a run's tables between the two marks. */
export function writeTables(run) {
  const text = readFileSync(page, 'utf8');
  const [begin, end] = marks.map((mark) => text.indexOf(mark));
  if (begin < 0 || end < begin) throw new Error(`docs/performance.md must hold ${marks.join(' and ')}`);
  writeFileSync(page, `${text.slice(0, begin)}${marks[0]}\n${summary(run)}\n${text.slice(end)}`);
}
