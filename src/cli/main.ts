import { setImmediate } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { shown } from '../runs/format.js';
import { describeFailure, EXIT, failureLine } from './failures.js';
import { outliveHangups } from './interrupt.js';
import { stdoutFailure, watchStreams } from './output.js';
import { buildProgram } from './program.js';

const HELP = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

function report(error: unknown, json: boolean): void {
  const failure = describeFailure(error);
  const { exitCode, ...told } = failure;
  process.stderr.write(`${json ? shown(JSON.stringify(told)) : failureLine(failure)}\n`);
  if (process.env.BOLTZKIT_DEBUG && error instanceof Error) console.error(error);
  process.exitCode = exitCode;
}

async function main(args: string[]): Promise<void> {
  watchStreams();
  outliveHangups();
  const program = buildProgram();
  if (args.length === 0) {
    process.stderr.write(program.helpInformation());
    process.exitCode = EXIT.usage;
    return;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    await setImmediate(); // by then the stream has told of a write that failed
    if (stdoutFailure() !== null) throw stdoutFailure();
  } catch (error) {
    if (error instanceof CommanderError && HELP.has(error.code)) return;
    report(error, args.includes('--json'));
  }
}

await main(process.argv.slice(2));
