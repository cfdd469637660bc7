import { Command } from 'commander';
import { registerBuild } from './commands/build.js';
import { registerDbn } from './commands/dbn.js';
import { registerDoctor } from './commands/doctor.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerImpute } from './commands/impute.js';
import { registerInfo } from './commands/info.js';
import { registerRecommend } from './commands/recommend.js';
import { registerSample } from './commands/sample.js';
import { registerScore } from './commands/score.js';
import { registerTrain } from './commands/train.js';
import { registerTransform } from './commands/transform.js';
import { packageVersion } from './package-info.js';

const COMMANDS = [
  registerTrain,
  registerSample,
  registerEvaluate,
  registerTransform,
  registerScore,
  registerImpute,
  registerRecommend,
  registerDbn,
  registerInfo,
  registerDoctor,
  registerBuild,
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
 */
export function buildProgram(): Command {
  const program = new Command('boltzkit')
    .description('Train, sample and examine Boltzmann machines.')
    .version(packageVersion(), '-v, --version')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError(true)
    .addHelpText('after', EPILOGUE);
  for (const register of COMMANDS) register(program);
  return program;
}
