import type { Command } from 'commander';
import { registerRecommendEvaluate } from './recommend-evaluate.js';
import { registerRecommendFor } from './recommend-for.js';
import { registerRecommendServe } from './recommend-serve.js';
import { registerRecommendTrain } from './recommend-train.js';

export function registerRecommend(program: Command): void {
  const group = program.command('recommend').description('from ratings to recommendations: train, for, evaluate, serve');
  for (const register of [registerRecommendTrain, registerRecommendFor, registerRecommendEvaluate, registerRecommendServe]) register(group);
}
