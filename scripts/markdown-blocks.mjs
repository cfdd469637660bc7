// Compiles and runs the code that readers are invited to copy: the JavaScript and TypeScript blocks of README.md and docs/, and the
// @example blocks of the sources. Each block is a program of its own, run in an empty folder inside the package, so that it can import
// `boltzkit` by name. A block that cannot run says why in a comment on the line before it: <!-- not run: reason -->. It is
// compiled all the same, unless the comment is <!-- not checked: reason -->. With --types nothing is run.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { checkBlocks } from './check-blocks.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'build', 'blocks');
const timeLimit = 300_000;

/** @typedef {{ file: string, line: number, language: string, code: string, skipped: string | undefined, unchecked: boolean }} Block */

/** @param {string} file @param {string} text @returns {Block[]} */
export function blocksOf(file, text) {
  const blocks = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const opening = /^(\s*(?:\* ?)?)```(\w*)\s*$/.exec(lines[at]);
    if (!opening) continue;
    const [, indent, language] = opening;
    const first = at + 1;
    const closing = lines.findIndex((line, index) => index >= first && line.trimEnd() === `${indent}\`\`\``.trimEnd());
    if (closing === -1) throw new Error(`${file}:${first}: this block has no end`);
    const code = lines.slice(first, closing).map((line) => line.slice(Math.min(indent.length, line.length)));
    const [, how, skipped] = /<!-- not (run|checked): (.+?) -->/.exec(lines[at - 1] ?? '') ?? [];
    blocks.push({ file, line: first, language, code: code.join('\n'), skipped, unchecked: how === 'checked' });
    at = closing;
  }
  return blocks;
}

function allBlocks() {
  const markdown = ['README.md', ...filesIn('docs', /\.md$/)].filter((file) => existsSync(join(root, file)));
  const sources = filesIn('src', /\.ts$/);
  const runnable = new Set(['js', 'mjs', 'ts', 'javascript', 'typescript']);
  return [...markdown, ...sources]
    .flatMap((file) => blocksOf(file, readFileSync(join(root, file), 'utf8')))
    .filter((b) => runnable.has(b.language));
}

function filesIn(top, name) {
  if (!existsSync(join(root, top))) return [];
  return readdirSync(join(root, top), { recursive: true })
    .map((path) => join(top, path))
    .filter((path) => name.test(path) && !/^docs[\\/](?:api|\.vitepress)[\\/]/.test(path))
    .sort();
}

/** @param {Block} block @param {number} index */
function runBlock(block, index) {
  const here = join(folder, String(index));
  mkdirSync(here, { recursive: true });
  const program = ts.transpileModule(block.code, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } });
  const file = join(here, 'block.mjs');
  writeFileSync(file, program.outputText);
  return spawnSync(process.execPath, [file], { cwd: here, encoding: 'utf8', timeout: timeLimit });
}

function main() {
  rmSync(folder, { recursive: true, force: true });
  const blocks = allBlocks();
  const checked = blocks.filter(({ unchecked }) => !unchecked);
  const wrong = checkBlocks(checked, join(folder, 'types'));
  for (const line of wrong) console.log(`FAILED ${line}`);
  console.log(`${checked.length} blocks compiled, ${wrong.length} errors`);
  if (wrong.length > 0 || process.argv.includes('--types')) {
    process.exitCode = wrong.length === 0 ? 0 : 1;
    return;
  }
  runBlocks(blocks);
}

/** @param {readonly Block[]} blocks */
function runBlocks(blocks) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [index, block] of blocks.entries()) {
    const name = `${block.file}:${block.line}`;
    if (block.skipped !== undefined) {
      counts.skipped++;
      console.log(`-  ${name}: not run, ${block.skipped}`);
      continue;
    }
    const began = performance.now();
    const { status, stdout, stderr, error } = runBlock(block, index);
    const ok = status === 0;
    counts[ok ? 'passed' : 'failed']++;
    console.log(`${ok ? 'ok' : 'FAILED'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    if (!ok) console.log(`${block.code}\n--- it said:\n${stdout}${stderr}${error?.message ?? ''}`);
  }
  console.log(`${counts.passed} blocks passed, ${counts.failed} failed, ${counts.skipped} not run`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) main();
