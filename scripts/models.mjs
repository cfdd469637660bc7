// README's table of models, from the one list below. `node scripts/models.mjs` writes it, with `--check` it only says whether it is as
// written. test/package/models.test.ts holds that the list has every model of the package, and every example and guide that it names.
import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

/** What one wants, what does it, and where to look: examples by name, guides by name. */
export const models = [
  {
    want: 'features, samples, missing parts of images or 0/1 tables',
    use: ['RBM'],
    note: 'of any visible units',
    examples: ['train-mnist', 'inpainting'],
  },
  { want: 'mixed columns: numbers, categories, bits', use: ['readTable', 'BoltzmannMachine'], examples: ['own-table'], guides: ['tables'] },
  {
    want: 'a class given a row, or rows of a class',
    use: ['ClassificationRBM'],
    examples: ['classify-digits'],
    guides: ['classification'],
  },
  {
    want: 'several hidden layers that learn together',
    use: ['DeepBoltzmannMachine'],
    examples: ['dbm-mnist'],
    guides: ['deep-boltzmann-machines'],
  },
  {
    want: 'couplings within a layer, a wiring of your own',
    use: ['BoltzmannMachine'],
    examples: ['labelled-digits'],
    guides: ['which-model'],
  },
  {
    want: 'a deep stack: digits of a class, a classifier from few labels, codes',
    use: ['DeepBeliefNetwork', 'Classifier', 'Autoencoder', 'DeepAutoencoder', 'Network'],
    examples: ['dbn-mnist', 'few-labels', 'autoencoder'],
    guides: ['deep-belief-networks'],
  },
  { want: 'what texts are about, and which are alike', use: ['ReplicatedSoftmax'], examples: ['topics'], guides: ['topics'] },
  { want: 'what comes next in a sequence', use: ['ConditionalRBM'], examples: ['bouncing-ball'], guides: ['sequences'] },
  {
    want: 'low-energy states: Ising, Potts, QUBO, max-cut',
    use: ['IsingModel', 'PottsModel', 'maxCut'],
    examples: ['ising', 'max-cut'],
    guides: ['spins'],
  },
  {
    want: 'a memory of patterns; who is coupled to whom',
    use: ['HopfieldNetwork', 'IsingModel', 'PottsModel'],
    examples: ['hopfield'],
  },
  {
    want: 'anomalies, noise, covered parts, rewards',
    use: ['anomalyDetector', 'denoise', 'inpaint', 'FreeEnergyAgent'],
    examples: ['odd-digits', 'denoising', 'key-lock'],
    guides: ['uses'],
  },
  { want: 'recommendations from ratings, clicks or purchases', use: ['Recommender'], examples: ['recommender'], guides: ['recommender'] },
  { want: 'a server that learns and answers', use: [], note: 'any of them; calls queue', examples: ['server'] },
];

const [begin, end] = ['<!-- models: scripts/models.mjs -->\n', '<!-- /models -->'];

/** The table as Markdown. */
export function table() {
  const rows = models.map(({ want, use, note, examples = [], guides = [] }) => {
    const names = use.map((name) => `\`${name}\``).join(', ');
    const links = [...examples.map((name) => `[${name}](examples/${name}.ts)`), ...guides.map((name) => `[guide](docs/guides/${name}.md)`)];
    return `| ${want} | ${[names, note].filter(Boolean).join(', ')} | ${links.join(', ')} |\n`;
  });
  return `| you want | use | look at |\n|---|---|---|\n${rows.join('')}`;
}

/** A text with the table in its place. */
export function withTable(text) {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md must have a place for the table: ${begin.trim()} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n${table()}\n${text.slice(to)}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = new URL('../README.md', import.meta.url);
  const text = await readFile(file, 'utf8');
  const right = withTable(text);
  if (process.argv.includes('--check')) {
    if (text !== right) {
      console.error('the table of models in README.md is not the one of scripts/models.mjs; write it by `node scripts/models.mjs`');
      process.exitCode = 1;
    }
  } else if (text !== right) await writeFile(file, right);
}
