#!/usr/bin/env node
// The command. It lies here, not in dist/, so that a clone has an executable file before and after every build.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  const root = fileURLToPath(new URL('..', import.meta.url));
  console.error(`boltzkit: this copy is not built yet; run \`npm install && npm run build\` in ${root}`);
  process.exitCode = 1;
}
