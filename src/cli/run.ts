import { setImmediate } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { shown } from '../runs/format.js';
import { describeFailure, EXIT, failureLine } from './failures.js';
import { stdoutFailure } from './output.js';
import { buildProgram } from './program.js';

const HELP = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

function report(error: unknown, json: boolean): number {
  const failure = describeFailure(error);
  const { exitCode, ...told } = failure;
  process.stderr.write(`${json ? shown(JSON.stringify(told)) : failureLine(failure)}\n`);
  if (process.env.BOLTZKIT_DEBUG && error instanceof Error) console.error(error);
  return exitCode;
}

/** Does what a command line asks for; the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const program = await buildProgram(args[0]);
  if (args.length === 0) {
    process.stderr.write(program.helpInformation());
    return EXIT.usage;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    await setImmediate(); // by then the stream has told of a write that failed
    if (stdoutFailure() !== null) throw stdoutFailure();
  } catch (error) {
    if (error instanceof CommanderError && HELP.has(error.code)) return EXIT.ok;
    return report(error, args.includes('--json'));
  }
  return EXIT.ok;
}
