import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript, which runs before anything is built
import { anchorsOf, brokenLinks, linksOf } from '../../scripts/check-links.mjs';

const folder = mkdtempSync(join(tmpdir(), 'boltzkit-links-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('links', () => {
  it('are found in every form, with their lines', () => {
    const text = `[a](one.md) and ![b](two.png "title")\n[![c](three.svg)](four.md#five)\n[six]: seven.md\n<img src="eight.png" alt="">`;
    const found = linksOf('page.md', text).map(({ line, target }: { line: number; target: string }) => `${line} ${target}`);
    expect(found.sort()).toEqual(['1 one.md', '1 two.png', '2 four.md#five', '2 three.svg', '3 seven.md', '4 eight.png']);
  });

  it('are not found in code, in comments, or where they lead to an address', () => {
    const code = '```md\n[a](one.md)\n```\n`[b](two.md)` and ``c[`d`](three.md)``\n<!-- [e](four.md) -->';
    expect(linksOf('page.md', `${code}\n[f](https://example.org/x) <a href="mailto:a@example.org">g</a>`)).toEqual([]);
  });

  it('name headings as a reader writes them', () => {
    const text = '# Log Z, and `fit()`\n## Same\n## Same\n```\n# no heading\n```\n### A [link](x.md) — *dash*\n<a id="own"></a>';
    expect([...anchorsOf(text)]).toEqual(['log-z-and-fit', 'same', 'same-1', 'a-link--dash', 'own']);
  });

  it('are broken when there is no such file or heading, or the file is not of the repository', () => {
    mkdirSync(join(folder, 'docs'));
    writeFileSync(
      join(folder, 'README.md'),
      '[a](docs/page.md#there) [b](docs/page.md#gone)\n[c](docs/none.md) [d](#here) [e](../out.md)\n# Here\n',
    );
    writeFileSync(join(folder, 'docs', 'page.md'), '# There\n[up](../README.md#here)\n');
    expect(brokenLinks(folder, ['README.md', 'docs/page.md'])).toEqual([
      'README.md:1: docs/page.md#gone leads to no heading of that file',
      'README.md:2: docs/none.md leads to no file',
      'README.md:2: ../out.md leads out of the repository',
    ]);
  });
});
