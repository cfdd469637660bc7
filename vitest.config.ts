import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests and examples name the package as its users do and get the sources.
    alias: [
      { find: /^boltzkit$/, replacement: source('index.ts') },
      { find: /^boltzkit\/(data|recommender|tables|viz)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/setup/built.ts',
    setupFiles: 'test/setup/equality.ts',
    pool: 'forks', // a crash of the addon takes one file's process with it, not the run
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});
