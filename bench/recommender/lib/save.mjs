import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hostBackend } from '../../../dist/machine/backend.js';

/** Writes results of sets with date and processor; those of sets that this run left out stay as the file has them. */
export function saveSets(file, results) {
  const { model, isa, threads } = hostBackend.addon.cpu();
  const names = new Set(results.map(({ set }) => set));
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).results : [];
  const kept = before.filter(({ set }) => !names.has(set));
  const record = { date: new Date().toISOString(), processor: { model, isa, threads }, results: [...kept, ...results] };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(record, null, 1)}\n`);
}
