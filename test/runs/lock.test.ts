import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thisProcess } from '../../src/io/living.js';
import { lockFolder, refuseIfLocked } from '../../src/runs/lock.js';

const module = new URL('../../dist/runs/lock.js', import.meta.url).href;
let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boltzkit-lock-'));
  lock = join(folder, 'run.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const holder = (change: object = {}) => writeFileSync(lock, JSON.stringify({ token: '0123456789abcdef', ...thisProcess(), ...change }));
const nobody = 2 ** 30; // no system has so many processes

/** A process that takes the lock when told to, says how that went, and keeps it until it is told to end. */
function contender(): ChildProcess {
  const source = `const { lockFolder } = await import(${JSON.stringify(module)});
    process.stdin.once('data', () => {
      try { lockFolder(${JSON.stringify(folder)}); console.log('mine'); } catch (error) { console.log(error.code); }
    });
    console.log('ready');`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'inherit'] });
}

const said = (child: ChildProcess) => new Promise<string>((done) => child.stdout!.once('data', (text) => done(String(text).trim())));

describe('the lock of a folder', () => {
  it('keeps others out until it is given back', () => {
    const unlock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`is being written by process ${process.pid}`);
    expect(() => refuseIfLocked(folder)).toThrow(expect.objectContaining({ code: 'ERR_LOCKED' }));
    unlock();
    expect(readdirSync(folder)).toEqual([]);
    refuseIfLocked(folder);
    lockFolder(folder)();
  });

  it.each([
    ['a process that has ended', { pid: nobody }],
    ['a process whose number another one has by now', { pid: process.ppid, started: '1' }],
  ])('of %s is taken over', (_, change) => {
    holder(change);
    refuseIfLocked(folder);
    const unlock = lockFolder(folder);
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({ ...thisProcess() });
    expect(readdirSync(folder)).toEqual(['run.lock']);
    unlock();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('of a zombie is taken over', async () => {
    // The shell becomes a `sleep`, which never asks how its child ended; the child ends when its input does.
    const parent = spawn('sh', ['-c', 'cat <&3 >&3 & echo $!; exec sleep 60 3>&-'], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    try {
      const pid = Number(await said(parent));
      const stat = (of: number) => readFileSync(`/proc/${of}/stat`, 'latin1');
      const until = async (of: number, text: string) => {
        while (!stat(of).includes(text)) await new Promise((done) => setTimeout(done, 5));
      };
      await until(parent.pid!, '(sleep)');
      parent.stdio[3]!.destroy();
      await until(pid, ') Z ');
      holder({ pid, started: stat(pid).split(') ')[1]!.split(' ')[19] });
      lockFolder(folder)();
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('of another machine holds as long as it shows signs of life', () => {
    holder({ host: 'elsewhere' });
    expect(() => lockFolder(folder)).toThrow('of another machine or container');
    const before = new Date(Date.now() - 120_000);
    utimesSync(lock, before, before);
    lockFolder(folder)();
  });

  it.each(['', '{', '[]', '{"token":"../../x","host":"a","pid":1,"started":""}'])('that says nothing (%j) holds for a moment', (text) => {
    writeFileSync(lock, text);
    expect(() => lockFolder(folder)).toThrow('by another process');
    const before = new Date(Date.now() - 10_000);
    utimesSync(lock, before, before);
    lockFolder(folder)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that is a link is refused', () => {
    symlinkSync('nowhere', lock);
    expect(() => lockFolder(folder)).toThrow('run.lock');
  });

  it.each(['new', 'left by a process that ended'])('has one holder however many try at once (%s)', async (kind) => {
    if (kind !== 'new') holder({ pid: nobody });
    const children = Array.from({ length: 6 }, contender);
    try {
      await Promise.all(children.map(said));
      const outcomes = Promise.all(children.map(said));
      for (const { stdin } of children) stdin!.write('go');
      expect((await outcomes).sort()).toEqual([...Array(5).fill('ERR_LOCKED'), 'mine']);
      expect(readdirSync(folder)).toEqual(['run.lock']);
    } finally {
      const ended = children.map((child) => new Promise((done) => child.once('exit', done)));
      for (const { stdin } of children) stdin!.end();
      await Promise.all(ended);
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});
