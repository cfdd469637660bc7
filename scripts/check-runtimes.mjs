// node scripts/check-runtimes.mjs tarball: installs the tarball with bun, with Yarn Plug'n'Play and for
// Deno, and runs the programs of scripts/runtimes/ there. Fetches the three from npm: 300 MB.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [given] = process.argv.slice(2);
if (given === undefined) {
  process.stderr.write('Usage: check-runtimes.mjs tarball\n');
  process.exit(2);
}
const tarball = resolve(given);
const programs = join(dirname(fileURLToPath(import.meta.url)), 'runtimes');
const folder = mkdtempSync(join(tmpdir(), 'boltzkit-runtimes-'));
const tools = join(folder, 'tools');
const inTools = (...parts) => join(tools, 'node_modules', ...parts);

function run(cwd, command, ...parameters) {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')}: ${status}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** A project of its own with the programs in it. */
function project(name, packageJson = {}) {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: 'tried', private: true, type: 'module', ...packageJson }));
  cpSync(programs, path, { recursive: true });
  return path;
}

const runtimes = {
  bun() {
    const bun = inTools('.bin', 'bun');
    const path = project('bun');
    run(path, bun, 'add', tarball);
    return { version: run(path, bun, '--version'), path, start: [bun] };
  },
  deno() {
    const deno = inTools('.bin', 'deno');
    const path = project('deno');
    run(path, 'npm', 'install', '--no-audit', '--no-fund', tarball);
    return { version: run(path, deno, '--version').split('\n')[0], path, start: [deno, 'run', '-A'] };
  },
  "Yarn Plug'n'Play"() {
    const yarn = [process.execPath, inTools('@yarnpkg', 'cli-dist', 'bin', 'yarn.js')];
    const path = project('yarn');
    writeFileSync(join(path, 'yarn.lock'), '');
    writeFileSync(join(path, '.yarnrc.yml'), 'nodeLinker: pnp\nenableGlobalCache: false\nenableTelemetry: false\n');
    run(path, ...yarn, 'add', `boltzkit@file:${tarball}`);
    return { version: run(path, ...yarn, '--version'), path, start: [...yarn, 'node'] };
  },
};

let failed = 0;
try {
  mkdirSync(tools);
  run(tools, 'npm', 'install', '--no-audit', '--no-fund', '--prefix', '.', 'deno@2', 'bun@1', '@yarnpkg/cli-dist@4');
  for (const [name, prepare] of Object.entries(runtimes)) {
    try {
      const { version, path, start } = prepare();
      const said = ['main.mjs', 'terminate.mjs'].map((program) => run(path, ...start, program));
      console.log(`${name} ${version}: ${said.join(', ')}`);
    } catch (error) {
      failed++;
      console.log(`${name}: FAILED ${error.message}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
