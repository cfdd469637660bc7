// node bench/tables.mjs [results.json]: puts the tables of a recorded run into docs/performance.md, between its two marks.
import { readdirSync, readFileSync } from 'node:fs';
import { argv, exit, stderr } from 'node:process';
import { writeTables } from './lib/page.mjs';

const folder = new URL('results/', import.meta.url);

function resultsFile() {
  if (argv[2]) return argv[2];
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (files.length === 1) return new URL(files[0], folder);
  stderr.write(`say which of bench/results: ${files.join(', ')}\n`);
  exit(2);
}

writeTables(JSON.parse(readFileSync(resultsFile(), 'utf8')));
