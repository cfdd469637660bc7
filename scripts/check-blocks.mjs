// Compiles blocks of code as strictly as a careful user does: all in one program, with the settings of the examples, against the
// package's declarations. JavaScript is checked as TypeScript.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** @typedef {import('./markdown-blocks.mjs').Block} Block */

/**
 * What the compiler has to say, each as `file:line: message` of the page that the block is in.
 *
 * @param {readonly Block[]} blocks
 * @param {string} folder - Inside of the package, which can then be imported by its name. What is there is overwritten.
 * @returns {string[]}
 */
export function checkBlocks(blocks, folder) {
  const files = new Map(blocks.map((block, index) => [write(folder, index, block.code), block]));
  const program = ts.createProgram([...files.keys()], settings());
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => said(diagnostic, files));
}

/** Each block is a module; the line that makes it one comes last, so that lines keep their numbers. */
function write(folder, index, code) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `block-${index}.mts`);
  writeFileSync(path, `${code}\nexport {};\n`);
  return path;
}

/** @returns {ts.CompilerOptions} */
function settings() {
  const file = join(root, 'examples', 'tsconfig.json');
  const { options, errors } = ts.getParsedCommandLineOfConfigFile(file, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail });
  const [error] = errors.filter(({ code }) => code !== 18003); // a folder without examples
  if (error !== undefined) fail(error);
  return { ...options, noEmit: true, incremental: false, tsBuildInfoFile: undefined, rootDir: undefined, outDir: undefined };
}

function fail(diagnostic) {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
}

/** @param {ts.Diagnostic} diagnostic @param {Map<string, Block>} files */
function said({ file, start = 0, messageText, code }, files) {
  const message = `${ts.flattenDiagnosticMessageText(messageText, '\n')} (TS${code})`;
  const block = file && files.get(resolve(file.fileName));
  if (block === undefined) return file ? `${file.fileName}: ${message}` : message;
  return `${block.file}:${block.line + 1 + file.getLineAndCharacterOfPosition(start).line}: ${message}`;
}
