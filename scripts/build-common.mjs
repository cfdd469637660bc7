// Writes dist/cjs/: the compiled package once more as CommonJS, for tools whose `require` cannot load ES modules (Jest), and its
// declarations, for TypeScript that looks up those of a CommonJS package. Node itself never runs these files: both `import` and
// `require` get the ES modules there, so no program has two copies of a class.
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const folder = join(dist, 'cjs');

/** Dependencies that are ES modules only, and therefore become part of these files: from the one that is imported to those it needs. */
const inlined = ['fast-png', 'fflate', 'iobuffer'];
const isOurs = (name) => name.startsWith('.') || isAbsolute(name) || inlined.includes(name.split('/')[0]);

/** What is written last tells when. */
const last = join(folder, 'package.json');

if (timeOf(last) < Math.max(timeOf(join(dist, '.tsbuildinfo')), timeOf(fileURLToPath(import.meta.url)))) {
  rmSync(folder, { recursive: true, force: true });
  for (const path of declarations()) cpSync(join(dist, path), join(folder, path));
  await bundle();
  writeFileSync(join(folder, 'LICENSES.txt'), inlined.map(licence).join('\n'));
  writeFileSync(last, '{ "type": "commonjs" }\n');
}

function timeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Those of what can be imported: all but the command line. */
function declarations() {
  const paths = readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.d.ts'));
  return paths.filter((path) => path.split(sep)[0] !== 'cli');
}

async function bundle() {
  const parts = ['data', 'recommender', 'tables', 'viz'].map((part) => [`${part}/index`, join(dist, part, 'index.js')]);
  const input = { index: join(dist, 'index.js'), ...Object.fromEntries(parts) };
  const build = await rolldown({ input, platform: 'node', external: (name) => !isOurs(name) });
  try {
    const names = { entryFileNames: '[name].js', chunkFileNames: 'shared/[name].js' };
    await build.write({ dir: folder, format: 'cjs', comments: { legal: true, annotation: false, jsdoc: false }, ...names });
  } finally {
    await build.close();
  }
}

function licence(name) {
  const from = join(root, 'node_modules', name);
  const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  return `${name} ${version}\n\n${readFileSync(join(from, 'LICENSE'), 'utf8').trim()}\n`;
}
