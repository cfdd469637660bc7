import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript, which CI starts by itself
import { checkBlocks } from '../../scripts/check-blocks.mjs';
// @ts-expect-error: plain JavaScript, which CI starts by itself
import { blocksOf } from '../../scripts/markdown-blocks.mjs';

const folder = mkdtempSync(join(tmpdir(), 'boltzkit-blocks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const page = `# Page

\`\`\`js
const row = [1, 2].at(0);
console.log(row.toFixed());
\`\`\`

<!-- not run: it asks -->
\`\`\`ts
await Promise.resolve();
const first: number = [1, 2][0];
\`\`\`

<!-- not checked: half a program -->
\`\`\`ts
const = ;
\`\`\`
`;

it('finds blocks with their lines and with what is left out of them', () => {
  expect(blocksOf('page.md', page)).toMatchObject([
    { line: 3, language: 'js', skipped: undefined, unchecked: false },
    { line: 9, language: 'ts', skipped: 'it asks', unchecked: false },
    { line: 15, language: 'ts', skipped: 'half a program', unchecked: true },
  ]);
});

it('compiles blocks as strictly as a careful user, and names file and line', () => {
  const blocks = blocksOf('page.md', page).filter(({ unchecked }: { unchecked: boolean }) => !unchecked);
  expect(checkBlocks(blocks, folder)).toEqual([
    expect.stringMatching(/^page\.md:5: 'row' is possibly 'undefined'\. \(TS18048\)$/),
    expect.stringMatching(/^page\.md:11: Type 'number \| undefined' is not assignable/),
  ]);
});
