#!/usr/bin/env node
import { CommanderError } from 'commander';
import { describeFailure, EXIT, failureLine } from './failures.js';
import { buildProgram } from './program.js';

const HELP = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

function report(error: unknown, json: boolean): void {
  const failure = describeFailure(error);
  const { exitCode, ...told } = failure;
  process.stderr.write(`${json ? JSON.stringify(told) : failureLine(failure)}\n`);
  if (process.env.BOLTZKIT_DEBUG && error instanceof Error) console.error(error);
  process.exitCode = exitCode;
}

async function main(args: string[]): Promise<void> {
  const program = buildProgram();
  if (args.length === 0) {
    process.stderr.write(program.helpInformation());
    process.exitCode = EXIT.usage;
    return;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && HELP.has(error.code)) return;
    report(error, args.includes('--json'));
  }
}

await main(process.argv.slice(2));
