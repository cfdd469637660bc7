// node bench/tables.mjs [results.json]: puts the tables of a recorded run into docs/performance.md, between its two marks.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { argv, exit, stderr } from 'node:process';
import { summary } from './lib/table.mjs';

const folder = new URL('results/', import.meta.url);
const page = new URL('../docs/performance.md', import.meta.url);
const marks = ['<!-- tables: begin (node bench/tables.mjs) -->', '<!-- tables: end -->'];

function resultsFile() {
  if (argv[2]) return argv[2];
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (files.length === 1) return new URL(files[0], folder);
  stderr.write(`say which of bench/results: ${files.join(', ')}\n`);
  exit(2);
}

const run = JSON.parse(readFileSync(resultsFile(), 'utf8'));
const text = readFileSync(page, 'utf8');
const [begin, end] = marks.map((mark) => text.indexOf(mark));
if (begin < 0 || end < begin) throw new Error(`docs/performance.md must hold ${marks.join(' and ')}`);
writeFileSync(page, `${text.slice(0, begin)}${marks[0]}\n${summary(run)}\n${text.slice(end)}`);
