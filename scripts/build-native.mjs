// Builds the native addon with CMake: in a checkout (`npm run build:native`), in an installed package (`npx boltzkit build`) and
// for `node-gyp rebuild`. Says nothing when it works within two seconds, and what to install when a tool is missing.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

const packageRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const oldestCmake = [3, 22];

const toInstall = `  Debian, Ubuntu:  sudo apt-get install g++ cmake make
  Fedora:          sudo dnf install gcc-c++ cmake make
  Alpine:          sudo apk add g++ cmake make
  macOS:           xcode-select --install && brew install cmake
  Windows:         Visual Studio Build Tools ("Desktop development with C++") and CMake
Then run the command again.`;

/** A build that failed for a reason the message explains; `output` is the end of what the tools said. */
export class BuildError extends Error {
  constructor(message, output = '', options = undefined) {
    super(message, options);
    this.name = 'BuildError';
    this.output = output;
  }
}

/**
 * Builds what is out of date and puts the addon into `build/Release/boltzkit.node`, and the plug-in for CUDA devices beside it where nvcc is.
 *
 * @param {{ root?: string, verbose?: boolean, clean?: boolean, cmakeArguments?: string[], log?: (line: string) => void }} [options]
 *   root: the package's folder; verbose: let the tools write to the terminal; clean: start from nothing;
 *   cmakeArguments: more arguments for the configuration, for example `-DBOLTZKIT_SANITIZE=address`.
 * @returns {Promise<{ file: string, seconds: number, changed: boolean }>} changed: whether another binary came out than was there.
 * @throws {BuildError} when a tool is missing or fails.
 */
export async function buildNative(options = {}) {
  const root = options.root ?? packageRoot;
  const log = options.log ?? ((line) => process.stderr.write(`${line}\n`));
  const began = performance.now();
  checkTools();
  const folder = join(root, 'build', 'cmake');
  makeFolder(folder, root);
  return withLock(join(root, 'build', 'native.lock'), async () => {
    const slow = setTimeout(() => log('boltzkit: compiling the native addon …'), 2000);
    try {
      await configureAndBuild(root, folder, options);
    } finally {
      clearTimeout(slow);
    }
    const file = join(root, 'build', 'Release', 'boltzkit.node');
    const changed = replaceFile(findAddon(folder), file);
    const plugin = join(folder, 'boltzkit-cuda.so');
    if (existsSync(plugin)) replaceFile(plugin, join(root, 'build', 'Release', 'boltzkit-cuda.so'));
    const seconds = (performance.now() - began) / 1000;
    if (seconds > 2) log(`boltzkit: native addon ready after ${seconds.toFixed(0)} s`);
    return { file, seconds, changed };
  });
}

async function configureAndBuild(root, folder, options) {
  const arguments_ = configureArguments(root, options.cmakeArguments ?? []);
  const stamp = join(folder, 'boltzkit-configure.json');
  const wanted = JSON.stringify(arguments_);
  if (options.clean || isForeign(folder, root)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  if (!existsSync(join(folder, 'CMakeCache.txt')) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    await run(['-S', root, '-B', folder, ...generator(folder), ...arguments_], folder, options);
    writeFileSync(stamp, wanted);
  }
  const parallel = process.env.CMAKE_BUILD_PARALLEL_LEVEL ? [] : ['--parallel'];
  const targets = hasNvcc(folder) ? ['boltzkit', 'boltzkit_cuda'] : ['boltzkit'];
  await run(['--build', folder, '--config', 'Release', '--target', ...targets, ...parallel], folder, options);
}

function configureArguments(root, more) {
  const require = createRequire(join(root, 'package.json'));
  const include = [];
  for (const [name, sub] of [
    ['node-api-headers', 'include'],
    ['node-addon-api', '.'],
  ]) {
    try {
      include.push(resolve(dirname(require.resolve(`${name}/package.json`)), sub));
    } catch (cause) {
      throw new BuildError(`boltzkit: the package ${name} is missing; run \`npm install\` first`, '', { cause });
    }
  }
  const napi = include.map((path) => path.replaceAll('\\', '/')).join(';');
  const base = ['-DCMAKE_BUILD_TYPE=Release', '-DBOLTZKIT_ADDON=ON', '-DBOLTZKIT_TESTS=OFF', '-DBOLTZKIT_BENCH=OFF'];
  return [...base, `-DBOLTZKIT_NAPI_INCLUDE=${napi}`, ...more];
}

// The plug-in for CUDA devices is built where CMake found a compiler for it.
function hasNvcc(folder) {
  return /^BOLTZKIT_NVCC:FILEPATH=(?!.*NOTFOUND)./m.test(readFileSync(join(folder, 'CMakeCache.txt'), 'utf8'));
}

// A folder that another checkout configured, or one that was moved, cannot be used again.
function isForeign(folder, root) {
  const cache = join(folder, 'CMakeCache.txt');
  if (!existsSync(cache)) return false;
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1];
  return home === undefined || resolve(home) !== resolve(root);
}

function generator(folder) {
  if (process.env.CMAKE_GENERATOR || process.platform === 'win32' || existsSync(join(folder, 'CMakeCache.txt'))) return [];
  return works('ninja') ? ['-G', 'Ninja'] : [];
}

function run(arguments_, folder, options) {
  return new Promise((done, fail) => {
    const stdio = options.verbose ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    const child = spawn('cmake', arguments_, { stdio });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (cause) => fail(new BuildError(`boltzkit: cmake could not be started: ${cause.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return done();
      fail(failure(output, join(folder, 'boltzkit-build.log'), signal ?? `code ${code}`));
    });
  });
}

function failure(output, logFile, how) {
  if (output === '') return new BuildError(`boltzkit: the native build failed (cmake ended with ${how})`);
  writeFileSync(logFile, output);
  // Compilers repeat themselves: the first errors are the ones to read.
  const lines = output.split('\n').filter((line) => !/^\[\d+\/\d+\] (Building|Re-checking)/.test(line));
  const shown = lines.slice(0, 60).join('\n');
  return new BuildError(`boltzkit: the native build failed (cmake ended with ${how}); everything it said is in ${logFile}`, shown);
}

function checkTools() {
  const missing = [];
  const version = spawnSync('cmake', ['--version'], { encoding: 'utf8' });
  if (version.error || version.status !== 0) missing.push('CMake');
  else if (isOlder(version.stdout)) missing.push(`CMake ${oldestCmake.join('.')} or newer`);
  if (process.platform !== 'win32') {
    const compilers = process.env.CXX ? [process.env.CXX.split(' ')[0]] : ['c++', 'g++', 'clang++'];
    if (!compilers.some(works)) missing.push('a C++ compiler');
    if (!['ninja', 'make', 'gmake'].some(works)) missing.push('make (or ninja)');
  }
  if (missing.length === 0) return;
  throw new BuildError(
    `boltzkit: building the native addon needs CMake ${oldestCmake.join('.')} or newer and a C++20 compiler (GCC 11, Clang 14 or newer).\n` +
      `Not found: ${missing.join(', ')}.\n${toInstall}`,
  );
}

function isOlder(text) {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(text) ?? [];
  return Number(major) < oldestCmake[0] || (Number(major) === oldestCmake[0] && Number(minor) < oldestCmake[1]);
}

function works(command) {
  const result = spawnSync(command, ['--version'], { stdio: 'ignore' });
  return !result.error && result.status === 0;
}

function makeFolder(folder, root) {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new BuildError(`boltzkit: cannot write into ${root}: ${cause.message}`);
  }
}

function findAddon(folder) {
  const found = [join(folder, 'boltzkit.node'), join(folder, 'Release', 'boltzkit.node')].find(existsSync);
  if (found === undefined) throw new BuildError(`boltzkit: the native build ended without an addon in ${folder}`);
  return found;
}

// Another process may have the old file loaded: it keeps that one, and nobody sees half of the new one.
function replaceFile(from, to) {
  if (existsSync(to) && readFileSync(from).equals(readFileSync(to))) return false;
  mkdirSync(dirname(to), { recursive: true });
  const temporary = `${to}.${process.pid}`;
  copyFileSync(from, temporary);
  renameSync(temporary, to);
  return true;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const flags = new Set(process.argv.slice(2));
  try {
    await buildNative({ verbose: flags.has('--verbose'), clean: flags.has('--clean') });
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    if (error.output) console.error(error.output);
    console.error(error.message);
    process.exitCode = 1;
  }
}
