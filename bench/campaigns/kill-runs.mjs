/** The runs of the campaign of kills: how each is started, gone on with, judged when it was ended, and compared at its end. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiCases, commandCases } from './cases.mjs';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const apiRun = fileURLToPath(new URL('./api-run.mjs', import.meta.url));

/** Runs a program and, if told so, sends it a signal: so long after its start, or after its first word. */
function run(args, cwd, kill) {
  return new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr, heard] = ['', '', 0];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      if (heard === 0) {
        heard = performance.now() - began;
        if (kill?.afterWord) timer = setTimeout(send, kill.delay);
      }
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    const send = () => {
      const [signal, more] = kill.signal.split(', ');
      child.kill(signal);
      if (more !== undefined) setTimeout(() => child.kill(more), 1);
    };
    let timer = kill === undefined || kill.afterWord ? undefined : setTimeout(send, kill.delay);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, heard, milliseconds: performance.now() - began });
    });
  });
}

/** Files that a run in progress has and a run at rest must not have. A journal may be there if the run was only looked at. */
const passing = (names, { stderr }) =>
  names.filter(
    (name) => name.startsWith('.') || /\.(lock|tmp)/.test(name) || (name.endsWith('.jsonl') && !stderr.includes('is as it was')),
  );

/** The part of all kills that come before a run has said its first word. */
const EARLY = 0.15;

class Run {
  #start = 0;
  #span = 0;
  #expected = null;
  #whole = null;

  /** The uninterrupted run, whose files and whose time the others are measured by. */
  whole() {
    this.#whole ??= this.#trainWhole();
    return this.#whole;
  }

  async #trainWhole() {
    const place = join(this.folder, `whole-${this.name.replaceAll(/\W+/g, '-')}`);
    mkdirSync(place);
    const { code, stderr, heard, milliseconds } = await run(this.args(place), this.folder);
    if (code !== 0) throw new Error(`${this.name}: the uninterrupted run ended with ${code}: ${stderr}`);
    this.#start = heard;
    this.#span = milliseconds - heard;
    this.#expected = this.files(place);
  }

  /**
   * Starts the run or goes on with it and ends it with a signal.
   *
   * @param share - When: from 0, the start of the process, to 1, when the uninterrupted run was over.
   * @returns How it ended and what is wrong with that.
   */
  async killed(place, signal, share) {
    const afterWord = share >= EARLY;
    const delay = afterWord ? ((share - EARLY) / (1 - EARLY)) * this.#span : (share / EARLY) * this.#start;
    const end = await run(this.args(place), this.folder, { signal, delay, afterWord });
    const faults = [];
    const when = `${signal} ${delay.toFixed(0)} ms after its ${afterWord ? 'first word' : 'start'}`;
    const fault = (text) => faults.push(`${text} (${when}): ${end.stderr.trim().slice(0, 2000)}`);
    if (end.signal === 'SIGKILL') return { kind: 'killed', faults };
    if (end.code === 0) return { kind: 'finished', faults };
    if (end.signal !== null) {
      // Before the program hears signals, or after it has done its work or heeded a first one, and no longer needs to.
      if (!this.beforeOrAfter(end) && !signal.includes(', ')) fault(`died of ${end.signal} in the middle of its work`);
      return { kind: 'died', faults };
    }
    const givenUp = end.code === 130 && signal.includes(', ') && end.stderr === '';
    if (givenUp) return { kind: 'given up', faults };
    if (end.code !== 130) fault(`ended with ${end.code}`);
    else if (!this.explains(end)) fault('does not say how to go on');
    const left = passing(this.names(place), end);
    if (left.length > 0) fault(`left ${left.join(', ')}`);
    return { kind: end.code === 130 ? 'interrupted' : 'failed', faults };
  }

  /** Lets the run come to its end; what is wrong with that. */
  async completed(place) {
    const { code, stderr } = await run(this.args(place), this.folder);
    return code === 0 ? this.differences(place) : [`cannot be completed, ended with ${code}: ${stderr.trim().slice(0, 2000)}`];
  }

  /** How a finished run differs from the one that nobody touched. */
  differences(place) {
    const found = this.files(place);
    const names = new Set([...this.#expected.keys(), ...found.keys()]);
    return [...names].flatMap((name) => {
      const [expected, got] = [this.#expected.get(name), found.get(name)];
      if (got === undefined) return [`lacks ${name}`];
      if (expected === undefined) return [`has a file ${name}`];
      return expected === got ? [] : [`${name} differs`];
    });
  }
}

/** A run of `boltzkit train`. */
class CommandRun extends Run {
  constructor(folder, { name, args }) {
    super();
    Object.assign(this, { folder, name, options: args });
  }

  args(place) {
    const out = join(place, 'out');
    if (existsSync(join(out, 'run.json'))) return [main, 'train', '--resume', '--threads', '1', '--out', out];
    return [main, 'train', 'stripes.csv', ...this.options, '--out', out];
  }

  names(place) {
    const out = join(place, 'out');
    return existsSync(out) ? readdirSync(out) : [];
  }

  /** By name: what is in a file, without what a clock has a say in. */
  files(place) {
    const out = join(place, 'out');
    const timeless = (name, bytes) => {
      if (name === 'curves.svg' || name === 'report.html') return 'drawn';
      return name === 'run.json' ? recordText(JSON.parse(bytes)) : bytes.toString('latin1');
    };
    return new Map(readdirSync(out).map((name) => [name, timeless(name, readFileSync(join(out, name)))]));
  }

  beforeOrAfter({ stdout }) {
    return stdout === '' || stdout.includes('wrote ');
  }

  explains({ stderr }) {
    return /train --resume|nothing was begun/.test(stderr);
  }
}

/** A record without times, and without what is measured only when time allows (health, and the hints that follow from it). */
function recordText({ settings, data, loaded, state, update, updates, evaluateEvery, history }) {
  const epochs = history.map(({ seconds: _seconds, health: _health, ...report }) => report);
  const sorted = (_key, value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value;
  return JSON.stringify({ settings, data, loaded, state, update, updates, evaluateEvery, epochs }, sorted);
}

/** A program that trains through the API. */
class ApiRun extends Run {
  constructor(folder, { name }) {
    super();
    Object.assign(this, { folder, name });
  }

  args(place) {
    return [apiRun, this.name, place];
  }

  names(place) {
    return readdirSync(place);
  }

  files(place) {
    return new Map(readdirSync(place).map((name) => [name, readFileSync(join(place, name), 'latin1')]));
  }

  beforeOrAfter(_end) {
    return true;
  }

  explains(_end) {
    return true;
  }
}

export function allRuns(folder) {
  return [...commandCases.map((one) => new CommandRun(folder, one)), ...apiCases.map((one) => new ApiRun(folder, one))];
}
