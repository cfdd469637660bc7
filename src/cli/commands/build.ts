import type { Command } from 'commander';
import { CliError } from '../failures.js';
import { Output } from '../output.js';

interface BuildScript {
  buildNative(options: { verbose: boolean; clean: boolean; log: (line: string) => void }): Promise<{
    file: string;
    seconds: number;
    changed: boolean;
  }>;
}

interface BuildOptions {
  verbose?: true;
  clean?: true;
  json?: true;
}

async function build(options: BuildOptions): Promise<void> {
  const output = new Output(options.json === true);
  // Not part of src/: the same script builds a checkout, where nothing is compiled yet.
  const script = (await import(new URL('../../../scripts/build-native.mjs', import.meta.url).href)) as BuildScript;
  const verbose = options.verbose === true && !output.json;
  try {
    const result = await script.buildNative({ verbose, clean: options.clean === true, log: (line) => output.line(line) });
    output.line(result.changed ? `built ${result.file}` : `${result.file} is up to date`);
    output.record(result);
  } catch (error) {
    throw explained(error);
  }
}

/** The compiler's own words go to stderr before the one line that says what failed. */
function explained(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'BuildError') return error;
  const said = (error as Error & { output?: string }).output ?? '';
  if (said !== '') process.stderr.write(`${said.trimEnd()}\n`);
  return new CliError(error.message.replace(/^boltzkit: /, ''), { code: 'ERR_BUILD', cause: error });
}

export function registerBuild(program: Command): void {
  program
    .command('build')
    .description('compile the native addon from the sources in the package (needs CMake and a C++20 compiler)')
    .option('--clean', 'start from nothing')
    .option('--verbose', "show the tools' own output")
    .option('--json', 'one JSON object on stdout')
    .action(build);
}
