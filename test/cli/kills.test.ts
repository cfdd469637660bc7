/** A small part of the campaign of kills (bench/campaigns/kills.mjs): killed and interrupted runs end like those that nobody touched. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const campaign = fileURLToPath(new URL('../../bench/campaigns/kills.mjs', import.meta.url));

it.each([
  ['the command line', 'train'],
  ['the API', 'fit'],
])(
  'runs through %s lose nothing to kills',
  (_, only) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [campaign, '--kills', '12', '--seed', '5', '--only', only], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: expect.stringMatching(/(\d+) of \1 runs identical/) });
  },
  300_000,
);
