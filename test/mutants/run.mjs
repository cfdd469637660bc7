/**
 * Proves that the test suite catches bugs: builds wrong versions of the native code (mutants.mjs), runs the tests that should notice,
 * and fails if one of them passes.
 *
 *     node test/mutants/run.mjs                 all mutants
 *     node test/mutants/run.mjs counter beta    those whose name contains one of the words
 *     node test/mutants/run.mjs --list          their names
 *
 * Works on a copy in build/mutants, with the portable kernels only and little optimisation, for short builds; nothing else is touched.
 * Exit status 0: every mutant was caught.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Mutants that are built and tested side by side, each worker in a tree of its own. */
const workers = 2;

/** Kernel files for instruction sets: what they share is compiled with the portable one. */
const leftOut = /^native\/.*_(avx2|avx512|neon)\.cpp$/;

/** Files of the C++ tests; those of them that no chosen mutant names are not built. */
const nativeTests = /^native\/test\/.*_test\.cpp$/;

class Failure extends Error {}

const isNative = (file) => nativeTests.test(file);

function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...env }, maxBuffer: 1 << 26 };
    execFile(command, args, options, (error, stdout, stderr) => resolve({ failed: error !== null, output: stdout + stderr }));
  });
}

/** The code of a mutant. Its text must be there once. */
async function mutate({ name, file, find, replace }) {
  const text = await readFile(join(root, file), 'utf8');
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Failure(`mutant '${name}': expected its text once in ${file}, found it ${count} times; write it anew`);
  return text.replace(find, () => replace);
}

/** A copy of the native sources and its build, with the C++ tests that are named. */
class Tree {
  constructor(number, nativeTestFiles) {
    this.nativeTestFiles = nativeTestFiles;
    const work = join(root, 'build', 'mutants', String(number));
    this.source = join(work, 'source');
    this.build = join(work, 'build');
    this.report = join(work, 'tests.json');
  }

  async prepare() {
    await this.#copySources();
    await this.#configure();
    await this.#compile('the unchanged code');
  }

  /** Builds one mutant, runs its tests and puts the file back. The names of the tests that failed. */
  async try(mutant) {
    const target = join(this.source, mutant.file);
    await writeFile(target, await mutate(mutant));
    try {
      await this.#compile(`mutant '${mutant.name}'`);
      const device = /^(cpu|reference): /.exec(mutant.name)?.[1];
      const more = ['--bail=1', ...(device ? ['-t', `on ${device}`] : [])];
      return await this.failingTests(mutant.tests, more, { BOLTZKIT_BUILT: '1' }); // by the run of the unchanged code
    } finally {
      await copyFile(join(root, mutant.file), target);
    }
  }

  /** Runs test files against this tree's addon; the names of the tests that failed, empty when all passed. */
  async failingTests(files, more = [], env = {}) {
    const [native, others] = [files.filter(isNative), files.filter((file) => !isNative(file))];
    const failing = native.length > 0 ? await this.#failingNativeTests(native) : [];
    return failing.length > 0 || others.length === 0 ? failing : this.#failingNodeTests(others, more, env);
  }

  async #failingNativeTests(files) {
    const names = files.map((file) => `*${basename(file)}`).join(',');
    const { failed, output } = await run(join(this.build, 'boltzkit_tests'), [`--source-file=${names}`]);
    if (!failed && !/test cases: +[1-9]/.test(output)) throw new Failure(`no test ran: ${files.join(' ')}`);
    if (!failed) return [];
    const cases = [...output.matchAll(/^TEST CASE: +(.*)$/gm)].map(([, name]) => name);
    return cases.length > 0 ? [...new Set(cases)] : [`no test reported a failure, but the run ended with one: ${output.slice(-500)}`];
  }

  async #failingNodeTests(files, more, env) {
    await rm(this.report, { force: true });
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', ...files, '--reporter=json', `--outputFile=${this.report}`, '--testTimeout=240000', ...more];
    const { failed, output } = await run(process.execPath, args, { BOLTZKIT_NATIVE: join(this.build, 'boltzkit.node'), ...env });
    const results = existsSync(this.report) ? JSON.parse(await readFile(this.report, 'utf8')).testResults : [];
    const tests = results.flatMap((file) => file.assertionResults);
    if (!failed && !tests.some((test) => test.status === 'passed')) throw new Failure(`no test ran: ${[...files, ...more].join(' ')}`);
    if (!failed) return [];
    const names = tests.filter((test) => test.status === 'failed').map((test) => test.fullName);
    return names.length > 0 ? names : [`no test reported a failure, but the run ended with one: ${output.slice(-500)}`];
  }

  /** Brings the copy up to date; files that did not change keep their time stamps, so that a second run builds little. */
  async #copySources() {
    const native = await readdir(join(root, 'native'), { recursive: true, withFileTypes: true });
    const files = native.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
    const left = (file) => leftOut.test(file) || (nativeTests.test(file) && !this.nativeTestFiles.includes(file));
    const wanted = new Set(['CMakeLists.txt', 'package.json', ...files.filter((file) => !left(file))]);
    for (const file of wanted) {
      const target = join(this.source, file);
      await mkdir(dirname(target), { recursive: true });
      const [from, to] = await Promise.all([readFile(join(root, file)), existsSync(target) ? readFile(target) : null]);
      if (to === null || !from.equals(to)) await writeFile(target, from);
    }
    for (const entry of await readdir(join(this.source, 'native'), { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile() && !wanted.has(relative(this.source, file))) await rm(file);
    }
  }

  async #configure() {
    const modules = join(root, 'node_modules');
    const include = [join(modules, 'node-api-headers', 'include'), join(modules, 'node-addon-api')].join(';');
    const { failed, output } = await run('cmake', [
      ...['-S', this.source, '-B', this.build, '-DCMAKE_BUILD_TYPE=Release', '-DCMAKE_CXX_FLAGS_RELEASE=-O1'],
      ...['-DBOLTZKIT_ADDON=ON', '-DBOLTZKIT_BENCH=OFF', `-DBOLTZKIT_NAPI_INCLUDE=${include}`],
      `-DBOLTZKIT_TESTS=${this.nativeTestFiles.length > 0 ? 'ON' : 'OFF'}`,
    ]);
    if (failed) throw new Failure(`cmake failed:\n${output}`);
  }

  async #compile(what) {
    const targets = this.nativeTestFiles.length > 0 ? ['boltzkit', 'boltzkit_tests'] : ['boltzkit'];
    const { failed, output } = await run('cmake', ['--build', this.build, '--target', ...targets, '--parallel', String(workers)]);
    if (failed) throw new Failure(`${what} does not compile:\n${output.slice(-4000)}`);
  }
}

/** Takes mutants from the queue until it is empty; the number of those that no test noticed, or that could not be tried. */
async function work(tree, queue) {
  let survivors = 0;
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const began = performance.now();
    const failing = await tree.try(mutant).catch((error) => {
      if (!(error instanceof Failure)) throw error;
      console.log(`BROKEN    ${error.message}`);
      return null;
    });
    if (failing === null) {
      survivors += 1;
      continue;
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    if (failing.length === 0) survivors += 1;
    const by = failing.length > 0 ? `\n            by: ${failing[0]}` : '';
    console.log(`${failing.length > 0 ? 'caught  ' : 'SURVIVED'}  ${mutant.name} (${seconds} s)${by}`);
  }
  return survivors;
}

async function main(words) {
  const chosen = mutants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new Failure(`no mutant's name contains ${words.join(' or ')}`);
  for (const mutant of chosen) await mutate(mutant); // a mutant that no longer applies fails the run before anything is built
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const trees = Array.from({ length: Math.min(workers, chosen.length) }, (_, number) => new Tree(number, files.filter(isNative)));
  for (const tree of trees) await tree.prepare(); // one by one: a compiler cache has all for those after the first
  const before = await trees[0].failingTests(files);
  if (before.length > 0) throw new Failure(`these tests fail without any mutant:\n  ${before.join('\n  ')}`);
  const queue = [...chosen];
  const survivors = (await Promise.all(trees.map((tree) => work(tree, queue)))).reduce((a, b) => a + b, 0);
  console.log(`${chosen.length - survivors} of ${chosen.length} mutants caught`);
  return survivors === 0 ? 0 : 1;
}

const words = process.argv.slice(2);
if (words.includes('--list')) for (const { name } of mutants) console.log(name);
else {
  try {
    process.exitCode = await main(words);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
