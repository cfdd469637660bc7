// Rounds that are measured later, added to those of a recorded run of the same machine and work.
import { maximum, median, minimum } from './statistics.mjs';

const same = (a) => (b) => a.test === b.test && a.peer === b.peer && a.threads === b.threads;

/** What has to be alike for times to stand in one table. */
const conditions = {
  processor: ({ machine }) => `${machine.cpu}, ${machine.cores} cores`,
  data: ({ settings }) => settings.data,
};

/** Why rounds of one run cannot be added to another; null if they can. */
export function unlike(recorded, run) {
  const name = Object.keys(conditions).find((key) => conditions[key](recorded) !== conditions[key](run));
  return name ? `the recorded run has another ${name}: ${conditions[name](recorded)}, not ${conditions[name](run)}` : null;
}

/** Times of another part of the work replace the earlier ones. */
function joinedRecord(earlier, later) {
  if (!later) return earlier;
  if (earlier.checks.scaled !== later.checks.scaled) return later;
  const rounds = [...earlier.rounds, ...later.rounds];
  const medianSeconds = median(rounds.map(median));
  const gflops = later.gflops && Number(((later.gflops * later.medianSeconds) / medianSeconds).toPrecision(4));
  const minimumSeconds = minimum(rounds.flat());
  return { ...later, rounds, medianSeconds, minimumSeconds, ...(gflops ? { gflops } : {}) };
}

/** Both runs as one: the recorded rounds first, tests and programs kept where they were not run again; other settings are those of the later run. */
export function joined(recorded, run) {
  const added = run.results.filter((record) => !recorded.results.some(same(record)));
  const results = [...recorded.results.map((record) => joinedRecord(record, run.results.find(same(record)))), ...added];
  const limits = run.limits.map((limit) => {
    const before = recorded.limits.filter(({ threads }) => threads === limit.threads);
    const best = (figure) => maximum([limit, ...before].map((each) => each[figure]));
    return { ...limit, fmaGflops: best('fmaGflops'), weightReadGBs: best('weightReadGBs') };
  });
  const union = (key) => [...new Set([...recorded.settings[key], ...run.settings[key]])];
  return {
    ...run,
    settings: { ...run.settings, tests: union('tests'), peers: union('peers'), threads: union('threads') },
    limits,
    disturbed: [...recorded.disturbed, ...run.disturbed.map((round) => `${round} of those added`)],
    failures: [...recorded.failures, ...run.failures],
    results,
  };
}
