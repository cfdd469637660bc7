// The list of models behind README's table.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as all from '../../src/index.js';
import { HostedModel } from '../../src/models/hosted.js';

interface Row {
  readonly want: string;
  readonly use: readonly string[];
  readonly examples?: readonly string[];
  readonly guides?: readonly string[];
}
const list = '../../scripts/models.mjs';
const { models, withTable } = (await import(list)) as { models: readonly Row[]; withTable: (text: string) => string };
const root = new URL('../../', import.meta.url);

test('has every model of the package', () => {
  const classes = Object.entries(all).filter(([, value]) => typeof value === 'function' && value.prototype instanceof HostedModel);
  const named = models.flatMap(({ use }) => use);
  expect(classes.map(([name]) => name).filter((name) => !named.includes(name))).toEqual([]);
  expect(classes.length).toBeGreaterThan(5);
});

test('names nothing that is not there', () => {
  for (const { examples = [], guides = [], use } of models) {
    for (const name of examples) expect(existsSync(new URL(`examples/${name}.ts`, root)), name).toBe(true);
    for (const name of guides) expect(existsSync(new URL(`docs/guides/${name}.md`, root)), name).toBe(true);
    const known = (name: string) => name in all || name === 'anneal' || name === 'readTable';
    expect(use.filter((name) => !known(name))).toEqual([]);
  }
});

test('is what README shows', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  expect(withTable(readme)).toBe(readme);
});
