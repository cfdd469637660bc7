import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
/** Where those in TypeScript are compiled to before the tests. */
const compiled = fileURLToPath(new URL('../../build/examples/', import.meta.url));

/** What each must say at its small size; all judge themselves by their exit code. */
const SAYS: Record<string, RegExp> = {
  'train-mnist.mjs': /features 2000 × 32\nwrote digits\.png, filters\.png, mnist\.safetensors/,
  'inpainting.mjs': /the given halves are as they were: true/,
  'features-classifier.mjs': /right with 500 labels: \d\d\.\d % on pixels, \d\d\.\d % on features/,
  'resume-from-checkpoint.mjs': /same weights as the uninterrupted run: true/,
  'streaming.mjs': /log-pseudo-likelihood of unseen readings: -\d+\.\d+ before, -\d+\.\d+ after/,
  'labelled-digits.mjs': /wrong labels on unseen digits: \d+\.\d\d %\nwrote labelled-digits\.png/,
  'encoder.ts': /the 4-2-4 encoder is solved for 1 of 1 seeds/,
  'ising.mjs': /T = 2\.269: energy per spin -1\.\d{4} ± 0\.\d{4}, exact for the infinite lattice -1\.4142/,
  'frey-faces.mjs':
    /variances of 560 pixels: 0\.\d+ to \d+\.\d+\nunseen faces are likelier than halves of two: by \d+ nats\nwrote faces\.png/,
  'own-data-csv.mjs': /^\d{3,4} of 1000 samples are bars or stripes/,
};

/** What is left behind in the working directory. */
const LEAVES: Record<string, string[]> = {
  'train-mnist.mjs': ['digits.png', 'filters.png', 'mnist.safetensors'],
  'inpainting.mjs': ['inpainted.png'],
  'ising.mjs': ['ising.png'],
  'frey-faces.mjs': ['faces.png'],
  'labelled-digits.mjs': ['labelled-digits.png'],
};

function run(file: string, cwd: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { BOLTZKIT_DATA: _data, ...env } = process.env;
  const program = file.endsWith('.ts') ? join(compiled, file.replace(/ts$/, 'js')) : join(examples, file);
  const child = spawn(process.execPath, [program], { cwd, env: { ...env, BOLTZKIT_SMALL: '1' } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

describe('examples', () => {
  it('are all listed here', () => {
    expect(
      readdirSync(examples)
        .filter((file) => file !== 'tsconfig.json')
        .sort(),
    ).toEqual(Object.keys(SAYS).sort());
  });

  it.each(Object.entries(SAYS))('%s runs and checks its own result', async (file, says) => {
    const cwd = await mkdtemp(join(tmpdir(), 'boltzkit-example-'));
    try {
      const { code, stdout, stderr } = await run(file, cwd);
      expect(stderr).toBe('');
      expect(stdout).toMatch(says);
      expect(code).toBe(0);
      expect((await readdir(cwd)).sort()).toEqual(LEAVES[file] ?? []);
    } finally {
      await rm(cwd, { recursive: true });
    }
  });
});
