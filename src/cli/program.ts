import { Command } from 'commander';
import { packageVersion } from './package-info.js';

/**
 * The commands, in the order of the help. What one of them needs is loaded only for it: reading the
 * modules of all takes longer than many a command itself.
 */
const COMMANDS: readonly (readonly [name: string, load: () => Promise<(program: Command) => void>])[] = [
  ['train', async () => (await import('./commands/train.js')).registerTrain],
  ['sample', async () => (await import('./commands/sample.js')).registerSample],
  ['evaluate', async () => (await import('./commands/evaluate.js')).registerEvaluate],
  ['transform', async () => (await import('./commands/transform.js')).registerTransform],
  ['score', async () => (await import('./commands/score.js')).registerScore],
  ['impute', async () => (await import('./commands/impute.js')).registerImpute],
  ['recommend', async () => (await import('./commands/recommend.js')).registerRecommend],
  ['dbn', async () => (await import('./commands/dbn.js')).registerDbn],
  ['info', async () => (await import('./commands/info.js')).registerInfo],
  ['doctor', async () => (await import('./commands/doctor.js')).registerDoctor],
  ['build', async () => (await import('./commands/build.js')).registerBuild],
];

const EPILOGUE = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (train saves first; --resume goes on).
BOLTZKIT_DATA names the folder of the MNIST files; BOLTZKIT_DEBUG=1 shows stack traces.
BOLTZKIT_DEVICE names the device that --device auto takes.

  $ boltzkit train mnist                     learn MNIST, pictures in mnist-run/
  $ boltzkit sample mnist-run/model.safetensors --out digits.png
  $ boltzkit evaluate mnist-run/model.safetensors mnist
  $ boltzkit train people.csv                learn a table of numbers, categories and gaps
  $ boltzkit impute people-run people.csv    fill in what it lacks
  $ boltzkit score people-run more.csv       which of these rows are unusual?
  $ boltzkit recommend train ratings.csv --out films.safetensors
  $ boltzkit dbn train mnist --fine-tune 30  a deep belief network and a classifier of it
  $ boltzkit recommend for films.safetensors --user u42`;

/**
 * The command line: what it accepts, without running anything. Throws CommanderError where
 * commander would end the process.
 *
 * @param asked - The first word of the command line: where it names a command, that one is enough.
 */
export async function buildProgram(asked = ''): Promise<Command> {
  const program = new Command('boltzkit')
    .description('Train, sample and examine Boltzmann machines.')
    .version(packageVersion(), '-v, --version')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError(true)
    .addHelpText('after', EPILOGUE);
  const named = COMMANDS.filter(([name]) => name === asked);
  const wanted = named.length > 0 ? named : COMMANDS;
  for (const register of await Promise.all(wanted.map(([, load]) => load()))) register(program);
  return program;
}
