// Runs one program to its end and takes the JSON line it prints.
import { spawn } from 'node:child_process';

const TIMEOUT = 600_000;

/** Resolves to the last JSON line of standard output; rejects with the reason otherwise. */
export function runProgram([command, ...args], env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, timeout: TIMEOUT });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const line = out.split('\n').findLast((text) => text.startsWith('{'));
      if (status === 0 && line) resolve(JSON.parse(line));
      else reject(new Error(reasonOf(err) || `ended with ${signal ?? status}`));
    });
  });
}

const reasonOf = (err) =>
  err
    .split('\n')
    .findLast((line) => /error|cannot|must|not /i.test(line))
    ?.trim() ?? err.trim().split('\n').at(-1);
