// What a campaign has found, as tables.

/** Collects results of machines. */
export class Report {
  machines = 0;
  wrong = [];
  #kinds = new Map();
  #wirings = new Map();
  #types = new Map();

  add({ seed, wiring, types, results }) {
    this.machines += 1;
    for (const [table, names] of [[this.#wirings, [wiring]], [this.#types, types]]) for (const name of names) row(table, name).machines += 1; // biome-ignore format: one line
    for (const result of results) {
      const named = [
        row(this.#kinds, `${result.kind} | ${result.device}`),
        row(this.#wirings, wiring),
        ...types.map((type) => row(this.#types, type)),
      ];
      for (const into of named) count(into, result);
      if (result.wrong) this.wrong.push({ seed, wiring, types, ...result });
    }
  }

  /** Kinds whose chi-squares, all machines together, are not what they should be: deviations too small to show in any one of them. */
  get pooled() {
    return [...this.#kinds].filter(([, { chi, variance }]) => Math.abs(chi) > pooledLimit * Math.sqrt(variance)).map(([kind]) => kind);
  }

  /** Kinds of intervals of 95 % that hold less often than in 93 % of the estimates that call themselves converged. */
  get narrow() {
    return [...this.#kinds].filter(([, { held, converged }]) => belowShare(held, converged)).map(([kind]) => kind);
  }

  #coverage() {
    const counted = [...this.#kinds].filter(([, { converged }]) => converged > 0);
    return counted.map(([kind, { held, converged, checks }]) => {
      const share = ((100 * held) / converged).toFixed(1);
      return `${kind.replace(' | ', ' on ')}: ${held} of ${converged} hold (${share} %), ${checks - converged} more did not converge.`;
    });
  }

  /** The first of each kind on each device. */
  #few() {
    const seen = new Map();
    return this.wrong.filter(({ kind, device }) => {
      const n = (seen.get(kind + device) ?? 0) + 1;
      seen.set(kind + device, n);
      return n <= mostShown;
    });
  }

  toString() {
    const parts = [
      table(['check', 'device'], this.#kinds, false),
      table(['wiring'], this.#wirings, true),
      table(['unit type'], this.#types, true),
      `${this.machines} machines, ${this.wrong.length} unexplained deviations${this.wrong.length > this.#few().length ? `, the first ${mostShown} of each kind:` : '.'}`,
      ...this.#few().map(
        ({ seed, wiring, types, kind, device, p, error, detail }) =>
          `--machine ${seed}: ${kind} on ${device}, ${wiring} of ${types.join(', ')}; ${p === undefined ? `error ${number(error)}` : `p ${number(p)}`}; ${detail}`,
      ),
      ...this.#coverage(),
      ...this.narrow.map((kind) => `Intervals that do not hold: ${kind}`),
      ...this.pooled.map((kind) => `All machines together deviate: ${kind}`),
    ];
    return parts.join('\n\n');
  }
}

/** Whether successes among n are fewer than chance explains where 93 % are expected, at one in a million (normal tail with its correction). */
const belowShare = (successes, n) => n > 0 && (0.93 * n - successes - 0.5) / Math.sqrt(n * 0.93 * 0.07) > 5;

/** Deviations of one kind that are written out; stderr had them all. */
const mostShown = 20;

/** Of the sum of all chi-squares of a kind, in standard deviations: by chance once in 10^9 kinds. */
const pooledLimit = 6.5;

function row(rows, name) {
  const fresh = { machines: 0, checks: 0, comparisons: 0, error: 0, z: 0, chi: 0, variance: 0, twice: 0, wrong: 0, converged: 0, held: 0 };
  if (!rows.has(name)) rows.set(name, fresh);
  return rows.get(name);
}

function count(into, { comparisons, error, z, chi, freedom, twice, wrong, converged, holds }) {
  into.checks += 1;
  into.comparisons += comparisons;
  if (error !== undefined && !(error <= into.error)) into.error = error;
  if (z > into.z) into.z = z;
  into.chi += chi ?? 0;
  into.variance += 2 * (freedom ?? 0);
  into.twice += twice ? 1 : 0;
  into.wrong += wrong ? 1 : 0;
  into.converged += converged ? 1 : 0;
  into.held += converged && holds ? 1 : 0;
}

const number = (x) => (x === 0 ? '0' : x.toExponential(1));

function table(names, rows, machines) {
  const heads = [
    ...names,
    ...(machines ? ['machines'] : []),
    'checks',
    'comparisons',
    'largest error',
    'largest z',
    'pooled z',
    'looked twice',
    'wrong',
  ];
  const lines = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, r]) => [
    ...name.split(' | '),
    ...(machines ? [r.machines] : []),
    r.checks,
    r.comparisons,
    r.error === 0 ? '' : number(r.error),
    r.z === 0 ? '' : r.z.toFixed(1),
    r.variance === 0 ? '' : (r.chi / Math.sqrt(r.variance)).toFixed(1),
    r.twice,
    r.wrong,
  ]); // biome-ignore format: a list
  return [heads, heads.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
