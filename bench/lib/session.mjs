// One session of measurements: for each test, rounds in which every program runs once after the other, so that a disturbance of the
// machine meets all of them; before each round the machine's own limit is measured again.
import { peers, threadSettings } from './peers.mjs';
import { runProgram } from './run-program.mjs';
import { maximum, median, minimum } from './statistics.mjs';
import { invalid } from './validate.mjs';
import { tests } from './work.mjs';

/** Whether a program is the one that ratios of a test are to: with as many threads, or with one if it has no more. */
const isBaseline = ({ peer, threads }, test, wanted) => peer.name === tests[test].baseline && (threads === wanted || peer.oneThread);

/** A round counts as disturbed when the machine's typical rate before it was less than this part of the best of the session. */
const QUIET = 0.9;

export class Session {
  constructor({ data, threads, rounds, repetitions, temperatures, limitsProgram, blasEnv, folder, log }) {
    Object.assign(this, { data, threads, rounds, repetitions, temperatures, limitsProgram, blasEnv, folder, log });
    this.limits = []; // one entry per measurement
    this.failures = [];
  }

  /** Runs one test on all `chosen` peers; returns one record per peer and number of threads. */
  async run(test, chosen) {
    const plan = this.#plan(test, chosen);
    const runs = plan.map(() => []);
    for (let round = 0; round < this.rounds; round++) {
      await this.#measureLimits(test, round);
      for (let i = 0; i < plan.length; i++) {
        const at = (i + round) % plan.length; // nobody is always the first
        runs[at].push(await this.#once(test, plan[at], round));
      }
    }
    return plan.map((entry, i) => this.#summary(test, entry, runs[i], plan, runs)).filter(Boolean);
  }

  /** The best of all measurements of a number of threads. */
  peak(threads, figure = 'fmaGflops') {
    return maximum(this.limits.filter((limit) => limit.threads === threads).map((limit) => limit[figure]));
  }

  #plan(test, chosen) {
    const able = peers.filter((peer) => chosen.includes(peer.name) && peer.tests.includes(test));
    const counts = tests[test].allThreads ? [maximum(this.threads)] : this.threads;
    return counts.flatMap((threads) => able.filter((peer) => threads === 1 || !peer.oneThread).map((peer) => ({ peer, threads })));
  }

  async #measureLimits(test, round) {
    for (const threads of this.threads) {
      const limit = await runProgram([this.limitsProgram, String(threads), '0.2']);
      this.limits.push({ test, round, ...limit });
    }
  }

  async #once(test, { peer, threads }, round) {
    try {
      const result = { ...(await runProgram(peer.command(test), this.#environment(test, peer, threads))), test, peer: peer.name, threads };
      if (result.skipped) this.log(`  ${test}: without ${peer.name}: ${result.skipped}`);
      else this.log(`  ${test} round ${round + 1}: ${peer.name}, threads ${threads}: ${minimum(result.seconds).toPrecision(4)} s`);
      return result.skipped ? null : result;
    } catch (error) {
      this.#fail(test, peer.name, threads, error.message);
      return null;
    }
  }

  #environment(test, peer, threads) {
    const { rows, start } = this.data.machines[tests[test].size];
    return {
      ...(peer.blas ? this.blasEnv : {}),
      ...threadSettings(threads),
      BENCH_ROWS: rows,
      BENCH_START: start,
      BENCH_EPOCHS: String(this.repetitions),
      BENCH_TEMPERATURES: String(this.temperatures),
      ...(this.data.idx ? { BENCH_IDX: this.data.idx, BENCH_BITS: this.data.bits } : {}),
      ...(this.folder ? { BOLTZKIT_DATA: this.folder } : {}),
      ...(peer.part ? { BENCH_PART: String(peer.part(test)) } : {}),
    };
  }

  #summary(test, { peer, threads }, results, plan, runs) {
    const valid = results.filter((result, round) => {
      if (!result) return false;
      const baseline = runs[plan.findIndex((other) => isBaseline(other, test, threads))]?.[round];
      const reason = invalid(result, baseline);
      if (reason) this.#fail(test, peer.name, threads, reason);
      return !reason;
    });
    if (valid.length === 0) return null;
    const { seconds: _, peer: __, test: ___, threads: ____, rssMb: _____, ...checks } = valid.at(-1);
    return {
      test,
      peer: peer.name,
      threads,
      ...(peer.oneThread ? { oneThread: true } : {}),
      medianSeconds: median(valid.map((result) => median(result.seconds))),
      minimumSeconds: minimum(valid.flatMap((result) => result.seconds)),
      rounds: valid.map((result) => result.seconds),
      rssMb: median(valid.map((result) => result.rssMb)),
      checks,
    };
  }

  #fail(test, peer, threads, reason) {
    this.failures.push({ test, peer, threads, reason });
    this.log(`  FAILED ${test}, ${peer}, threads ${threads}: ${reason}`);
  }

  /** Tests whose rounds were measured on a machine that something else was using too. */
  disturbed() {
    const slow = this.limits.filter((limit) => limit.fmaGflops * limit.typical < QUIET * this.peak(limit.threads));
    return [...new Set(slow.map(({ test, round }) => `${test} round ${round + 1}`))];
  }
}
