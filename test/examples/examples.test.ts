import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
/** Where they are compiled to before the tests. */
const compiled = fileURLToPath(new URL('../../build/examples/', import.meta.url));

/** What each must say at its small size; all judge themselves by their exit code. */
const SAYS: Record<string, RegExp> = {
  'train-mnist.ts': /features 2000 × 32\nwrote digits\.png, filters\.png, mnist\.safetensors/,
  'inpainting.ts': /log-likelihood of the lower halves: -0\.\d{3} nats per pixel\n(.*\n)the given halves are as they were: true/,
  'odd-digits.ts': /alarms: \d\.\d % of ordinary digits, \d+\.\d % of fours\nthe same threshold from JSON: true/,
  'denoising.ts': /wrong pixels: \d+\.\d\d % with noise, \d\.\d\d % after a median filter, \d\.\d\d % denoised/,
  'key-lock.ts': /bits that are right: \d+\.\d of 20 at first, 1\d\.\d in the end/,
  'features-classifier.ts': /right with 500 labels: \d\d\.\d % on pixels, \d\d\.\d % on features/,
  'resume-from-checkpoint.ts': /same weights as the uninterrupted run: true/,
  'streaming.ts': /log-pseudo-likelihood of unseen readings: -\d+\.\d+ before, -\d+\.\d+ after/,
  'labelled-digits.ts': /wrong labels on unseen digits: \d+\.\d\d %\nwrote labelled-digits\.png/,
  'classify-digits.ts': /wrong on unseen digits: \d+\.\d\d %, calibration error \d+\.\d\d %\n(.*\n)+wrote classified-digits\.png/,
  'dbn-mnist.ts':
    /wrong on unseen digits: \d+\.\d\d % pretrained, \d+\.\d\d % after up-down, \d+\.\d\d % fine-tuned\nwrote dbn-digits\.png/,
  'dbm-mnist.ts':
    /bound of unseen digits: -\d+\.\d nats pretrained, -\d+\.\d after learning together\nwrong on unseen digits: \d+\.\d\d %\nwrote dbm-digits\.png/,
  'few-labels.ts': /wrong with 100 labels: \d+\.\d % from random weights, \d+\.\d % pretrained, \d+\.\d % self-trained/,
  'encoder.ts': /the 4-2-4 encoder is solved for 1 of 1 seeds/,
  'ising.ts': /T = 2\.269: energy per spin -1\.\d{4} ± 0\.\d{4}, exact for the infinite lattice -1\.4142/,
  'frey-faces.ts':
    /variances of 560 pixels: 0\.\d+ to \d+\.\d+\nunseen faces are likelier than halves of two: by \d+ nats\nwrote faces\.png/,
  'bouncing-ball.ts': /wrong pixels in the next frame: \d+\.\d\d, if the ball stood still \d+\.\d\d\nwrote bouncing-ball\.png/,
  'own-data-csv.ts': /^\d{3,4} of 1000 samples are bars or stripes/,
  'hopfield.ts':
    /^hebbian: overlap 0\.\d{3} .*\npseudo-inverse: overlap \d\.\d{3} .*\nrecalled of 20 digits: \d+ % and 100 %\nwrote hopfield\.png/,
  'max-cut.ts': /a cut of (\d+), energy -?\d+\nthe largest of all 8192 cuts: \1$/m,
  'own-table.ts':
    /filled in: 0\.\d\d sd off, \d\d % of labels right.*\nAUROC of odd rows: 0\.9\d\d by score, 0\.8\d\d by PCA\nthe oddest row: /,
  'recommender.ts': /likes space: .+\nlikes love: .+\nwould rate Solaris: \d\.\d ± \d\.\d\n(.*\n)+.*popularity +ndcg@10\(binary\)/,
  'autoencoder.ts':
    /squared error of unseen digits: \d\d\.\d{3} pretrained, \d\d\.\d{3} ± 0\.\d{3} fine-tuned\nbest linear code of 8 numbers: \d\d\.\d{3}\nwrote /,
  'topics.ts':
    /perplexity of unseen texts: \d+\.\d \[.+\], of 38 words\nof the five texts nearest to an unseen one, \d\d % have its label\nwrote topics\.svg/,
  'server.ts': /log-likelihood of unseen digits: -\d+\.\d nats per row, after 6 epochs\n50 of 50 answers at a time are those of one call/,
};

/** What is left behind in the working directory. */
const LEAVES: Record<string, string[]> = {
  'train-mnist.ts': ['digits.png', 'filters.png', 'mnist.safetensors'],
  'inpainting.ts': ['inpainted.png'],
  'odd-digits.ts': ['odd-digits.png'],
  'denoising.ts': ['denoised.png'],
  'key-lock.ts': ['key-lock.svg'],
  'ising.ts': ['ising.png'],
  'hopfield.ts': ['hopfield.png'],
  'autoencoder.ts': ['autoencoder.png', 'autoencoder.safetensors'],
  'frey-faces.ts': ['faces.png'],
  'bouncing-ball.ts': ['bouncing-ball.png'],
  'labelled-digits.ts': ['labelled-digits.png'],
  'classify-digits.ts': ['classified-digits.png'],
  'dbn-mnist.ts': ['dbn-digits.png'],
  'dbm-mnist.ts': ['dbm-digits.png', 'dbm-filters.png'],
  'topics.ts': ['topics.svg'],
};

function run(file: string, cwd: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { BOLTZKIT_DATA: _data, ...env } = process.env;
  const program = join(compiled, file.replace(/ts$/, 'js'));
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
