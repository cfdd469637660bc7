import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { root } from './sources.js';

export const platform = `${process.platform}-${process.arch}`;

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** An empty project somewhere else, with a folder of its own that holds nothing but `node`, to serve as PATH. */
export class Consumer {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'boltzkit-consumer-')));
  readonly bareBin = join(this.folder, 'bin');
  readonly project = join(this.folder, 'project');

  constructor() {
    mkdirSync(this.bareBin);
    mkdirSync(this.project);
    symlinkSync(process.execPath, join(this.bareBin, 'node'));
    this.write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.project, name)), { recursive: true });
    writeFileSync(join(this.project, name), text);
  }

  /** Puts the built package into the project as npm would install it, with links to its dependencies; needs no npm and no network. */
  installBuilt(): void {
    const modules = join(this.project, 'node_modules');
    const installed = join(modules, 'boltzkit');
    for (const name of ['package.json', 'dist', 'bin']) cpSync(join(root, name), join(installed, name), { recursive: true });
    const addon = process.env.BOLTZKIT_NATIVE ?? join(root, 'build', 'Release', 'boltzkit.node');
    cpSync(addon, join(installed, 'prebuilds', platform, 'boltzkit.node'));
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    this.link(...Object.keys(dependencies));
  }

  /** Packages of this project that the consumer has too. */
  link(...names: string[]): void {
    for (const name of names) {
      const path = join(this.project, 'node_modules', name);
      mkdirSync(dirname(path), { recursive: true });
      rmSync(path, { recursive: true, force: true });
      symlinkSync(join(root, 'node_modules', name), path, 'junction');
    }
  }

  /** Runs node in the project; `tools` decides whether compilers and everything else on the PATH can be found. */
  node(parameters: string[], { tools = false } = {}): Outcome {
    const PATH = tools ? `${this.bareBin}${delimiter}${process.env.PATH}` : this.bareBin;
    // A compiler cache, if there is one, then takes the installed sources for those of this project's own build.
    const env = { ...outside(process.env), PATH, CCACHE_BASEDIR: join(this.project, 'node_modules', 'boltzkit') };
    const result = spawnSync(process.execPath, parameters, { cwd: this.project, env, encoding: 'utf8' });
    return { status: result.status, stdout: result.stdout, stderr: result.stderr };
  }

  npm(parameters: string[]): Outcome {
    return this.node([npmCli(), ...parameters]);
  }

  boltzkit(parameters: string[], options: { tools?: boolean } = {}): Outcome {
    return this.node([join('node_modules', '.bin', 'boltzkit'), ...parameters], options);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// npm and vitest tell their children about this project by variables; a user's shell would not.
function outside(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$|BOLTZKIT_|INIT_CWD$|LD_PRELOAD$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}

function npmCli(): string {
  if (process.env.npm_execpath?.endsWith('.js')) return process.env.npm_execpath;
  const globalModules = spawnSync('npm', ['root', '-g'], { encoding: 'utf8' }).stdout.trim();
  return join(globalModules, 'npm', 'bin', 'npm-cli.js');
}

/** Packs this project into `folder` as `npm publish` would; the path of the tarball. */
export function pack(folder: string): string {
  const parameters = [npmCli(), 'pack', '--silent', '--pack-destination', folder];
  const result = spawnSync(process.execPath, parameters, { cwd: root, encoding: 'utf8' });
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (result.status !== 0 || name === undefined) throw new Error(`npm pack failed: ${result.stdout}\n${result.stderr}`);
  return join(folder, name);
}

/** The paths inside a tarball, sorted, this platform's name replaced by a placeholder. */
export function contents(tarball: string): string[] {
  const listing = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).stdout.trim().split('\n');
  return listing.map((path) => path.replace(/^package\//, '').replace(platform, '<platform>')).sort();
}

/**
 * The TypeScript compiler of this project, run on one file for each kind of project, with settings of the consumer's own and none of
 * ours. One run for all of them reads the libraries once.
 */
export function typeCheck(consumer: Consumer, kinds: Record<string, { file: string; settings: Record<string, unknown> }>): Outcome {
  consumer.link('@types/node', 'undici-types');
  const projects = Object.entries(kinds).map(([name, { file, settings }]) => {
    const compilerOptions = { target: 'es2022', lib: ['es2022'], strict: true, noEmit: true, types: ['node'], ...settings };
    consumer.write(`${name}.json`, JSON.stringify({ compilerOptions, files: [file] }));
    return `${name}.json`;
  });
  return consumer.node([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--build', ...projects]);
}
