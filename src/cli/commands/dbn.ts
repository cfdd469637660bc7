import type { Command } from 'commander';
import { registerDbnClassify } from './dbn-classify.js';
import { registerDbnTrain } from './dbn-train.js';

export function registerDbn(program: Command): void {
  const group = program.command('dbn').description('deep belief networks: train, classify');
  for (const register of [registerDbnTrain, registerDbnClassify]) register(group);
}
