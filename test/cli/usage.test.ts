import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { cli, cliAlone, useFolder, writeStripes } from './support.js';

const folder = useFolder();

beforeAll(async () => {
  await writeStripes(join(folder.path, 'stripes.csv'), 60);
  await writeFile(join(folder.path, 'text.csv'), 'a,b\nhello,world\n');
  await writeFile(join(folder.path, 'empty.csv'), '');
  await writeFile(join(folder.path, 'large.csv'), '1,2.5\n0,300\n');
  await writeFile(join(folder.path, 'junk.npy'), 'not an array');
  await writeFile(join(folder.path, 'junk.safetensors'), 'not a model');
  await writeFile(join(folder.path, 'cut.csv.gz'), gzipSync('0,1\n1,0\n'.repeat(500)).subarray(0, 30));
  await mkdir(join(folder.path, 'hollow'));
});

const USAGE: { args: string[]; says: string }[] = [
  { args: ['traim'], says: 'unknown command' },
  { args: ['train'], says: 'say what to learn' },
  { args: ['train', 'stripes.csv', 'more.csv'], says: 'too many arguments' },
  { args: ['train', 'stripes.csv', '--epoch', '3'], says: '--epoch' },
  { args: ['train', 'stripes.csv', '--epochs'], says: '--epochs' },
  { args: ['train', 'stripes.csv', '--epochs', '0'], says: 'whole number' },
  { args: ['train', 'stripes.csv', '--hidden', '1.5'], says: 'whole number' },
  { args: ['train', 'stripes.csv', '--hidden', '2147483648'], says: 'whole number' },
  { args: ['train', 'stripes.csv', '--lr', 'NaN'], says: 'linear' },
  { args: ['train', 'stripes.csv', '--lr', 'linear:-1'], says: 'linear' },
  { args: ['train', 'stripes.csv', '--algorithm', 'sgd'], says: 'pcd, cd' },
  { args: ['train', 'stripes.csv', '--seed', '-1'], says: '2^64' },
  { args: ['train', 'stripes.csv', '--device', 'cuda:01'], says: "'cuda:N' with a whole number N" },
  { args: ['evaluate', 'x', '--device', 'CUDA'], says: "did you mean 'cuda'?" },
  { args: ['train', 'stripes.csv', '--image', '28'], says: '28x28' },
  { args: ['train', 'stripes.csv', '--image', '28x28'], says: '784 pixels' },
  { args: ['train', 'stripes.csv', '--algorithm', 'cd', '--chains', '5'], says: '--chains' },
  { args: ['train', 'stripes.csv', '--resume', '--force'], says: '--force' },
  { args: ['train', 'stripes.csv', '--out', ''], says: '--out' },
  { args: ['train', ''], says: 'empty' },
  { args: ['sample'], says: 'model' },
  { args: ['sample', 'x', '--out', 'x.gif'], says: '.png, .npy or .csv' },
  { args: ['sample', 'x', '--count', '0'], says: 'whole number' },
  { args: ['transform', 'x'], says: 'rows' },
  { args: ['impute', 'x', 'y', '--values', 'best'], says: 'mean, sample' },
  { args: ['train', 'stripes.csv', '--header', 'maybe'], says: 'yes, no' },
  { args: ['sample', 'x', '--beta', '-1'], says: 'number' },
  { args: ['evaluate', 'x', 'mnist', '--train', 'y'], says: '--train' },
  { args: ['evaluate', 'x', '--method', 'guess'], says: 'auto, exact, ais, ladder' },
  { args: ['evaluate', 'x', '--betas', '1'], says: 'whole number' },
  { args: ['evaluate', 'x', '--no-likelihood', '--betas', '100'], says: '--no-likelihood' },
  { args: ['train', 'stripes.csv', '--sweeps', '0'], says: 'whole number from 1' },
  { args: ['train', 'stripes.csv', '--momentum', '1'], says: 'finite number in [0, 1)' },
  { args: ['train', 'stripes.csv', '--on-divergence', 'ignore'], says: "'throw', 'rollback'" },
  { args: ['train', 'stripes.csv', '--algorithm', 'pt', '--betas', '1'], says: 'whole number from 2' },
  { args: ['train', 'stripes.csv', '--reservoirs', '8'], says: '--reservoirs belongs to --algorithm ptt' },
  { args: ['train', 'stripes.csv', '--keep-best', '--early-stopping', '3'], says: 'exclude each other' },
  { args: ['train', 'stripes.csv', '--binarise', 'maybe'], says: 'none, threshold, sample' },
  { args: ['train', 'stripes.csv', '--evaluate-every', '0'], says: 'whole number' },
];

const FAILURES: { args: string[]; says: string }[] = [
  { args: ['train', 'nowhere.csv'], says: 'nowhere.csv' },
  { args: ['train', 'cut.csv.gz'], says: 'not an intact gzip file' },
  { args: ['train', 'stripes.csv', '--out', 'stripes.csv/run'], says: 'stripes.csv' },
  { args: ['train', 'stripes.csv', '--hidden', '2000000000', '--out', 'never'], says: 'memory' },
  { args: ['train', 'hollow'], says: 'hollow' },
  { args: ['train', 'text.csv'], says: 'text.csv' },
  { args: ['train', 'empty.csv'], says: 'empty.csv' },
  { args: ['train', 'large.csv'], says: '--scale' },
  { args: ['train', 'junk.npy'], says: 'junk.npy' },
  { args: ['train', 'stripes.csv', '--out', 'text.csv'], says: 'not a folder' },
  { args: ['train', 'stripes.csv', '--resume', '--out', 'hollow'], says: 'no run to resume' },
  { args: ['train', 'stripes.csv', '--batch', '100', '--out', 'never'], says: '100' },
  { args: ['train', 'stripes.csv', '--device', 'cuda:999', '--out', 'never'], says: "'cuda:999' cannot be used" },
  { args: ['train', 'mnist', '--data', 'hollow', '--out', 'never'], says: 'hollow' },
  { args: ['score', 'nowhere.safetensors', 'stripes.csv'], says: 'nowhere.safetensors' },
  { args: ['sample', 'nowhere.safetensors'], says: 'nowhere.safetensors' },
  { args: ['info', 'junk.safetensors'], says: 'junk.safetensors' },
  { args: ['info', 'hollow'], says: 'hollow' },
  { args: ['evaluate', 'junk.safetensors', 'stripes.csv'], says: 'junk.safetensors' },
];

describe('wrong usage', () => {
  it.each(USAGE)('$args ends with 2 and one line', async ({ args, says }) => {
    const { code, stdout, stderr } = await cli(args, folder.path);
    expect(stderr).toMatch(/^boltzkit: [^\n]+\n$/);
    expect(stderr).toContain(says);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('failures', () => {
  it.each(FAILURES)('$args ends with 1 and one line', async ({ args, says }) => {
    const { code, stderr } = await cli(args, folder.path);
    expect(stderr).toMatch(/^boltzkit: [^\n]+\n$/);
    expect(stderr).toContain(says);
    expect(code).toBe(1);
  });

  it('the best state needs rows to judge by', async () => {
    const { code, stderr } = await cli(
      ['train', 'stripes.csv', '--keep-best', '--validation-fraction', '0', '--out', 'never'],
      folder.path,
    );
    expect([code, stderr.includes('--keep-best needs validation rows')]).toEqual([2, true]);
  });

  it.each([...USAGE.slice(0, 3), ...FAILURES.slice(0, 3)])('$args --json gives an object with a code', async ({ args, says }) => {
    const { code, stdout, stderr } = await cliAlone([...args, '--json'], folder.path);
    const told = JSON.parse(stderr) as { code: string; message: string; hint?: string };
    expect(told.code).toMatch(/^[A-Z_]+$/);
    expect(`${told.message} ${told.hint ?? ''}`).toContain(says);
    expect(stdout).toBe('');
    expect(code).toBe(told.code === 'ERR_USAGE' ? 2 : 1);
  });

  it('brackets the nearest name once', async () => {
    const { stderr } = await cli(['train', 'stripes.csv', '--epohcs', '3'], folder.path);
    expect(stderr).toBe("boltzkit: unknown option '--epohcs' (did you mean --epochs?)\n");
  });

  it('shows where an error came from only when asked', async () => {
    const { stderr } = await cliAlone(['train', 'nowhere.csv'], folder.path, { BOLTZKIT_DEBUG: '1' });
    expect(stderr).toMatch(/^boltzkit: /);
    expect(stderr).toContain('    at ');
  });
});

describe('help', () => {
  it('lists the commands, and their options with defaults', async () => {
    const general = await cli(['--help'], folder.path);
    expect(general.code).toBe(0);
    for (const command of ['train', 'sample', 'evaluate', 'transform', 'score', 'impute', 'info', 'doctor', 'build']) {
      expect(general.stdout).toContain(command);
      const { code, stdout } = await cli([command, '--help'], folder.path);
      expect(code).toBe(0);
      expect(stdout).toContain('--json');
    }
  });

  it('without a command shows the help and ends with 2', async () => {
    const { code, stderr } = await cli([], folder.path);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: boltzkit');
  });

  it('knows its version', async () => {
    const { stdout } = await cli(['--version'], folder.path);
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
  });
});
