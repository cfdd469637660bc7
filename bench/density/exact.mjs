// Exact log-likelihood of an RBM with few hidden units, in double precision, from its public parameters:
//   Z = sum over h of exp(c h) prod_i (1 + exp(b_i + sum_j W_ij h_j)),   log p(v) = -F(v) - log Z.
// The 2^hidden states are visited in the order of a Gray code, so that one unit changes at a time and exp(field) of every visible unit
// changes by one factor; they are computed anew now and then, before rounding can add up.

const FRESH = 1 << 10; // states between two computations from scratch: relative errors stay below 1e-12
const FACTORS = 8; // factors multiplied before a logarithm is taken: fields up to 80 cannot overflow

class HiddenStates {
  constructor(weights, visibleBias, hiddenBias) {
    Object.assign(this, { weights, visibleBias, hiddenBias });
    this.odds = new Float64Array(visibleBias.length); // exp(field) of each visible unit
    // The factors of switching hidden unit j on and off: [hidden, visible].
    const column = (j, sign) => Float64Array.from(visibleBias, (_, i) => Math.exp(sign * weights[i * hiddenBias.length + j]));
    this.on = Array.from(hiddenBias, (_, j) => column(j, 1));
    this.off = Array.from(hiddenBias, (_, j) => column(j, -1));
  }

  /** From scratch; bit j of `state` is hidden unit j. */
  set(state) {
    const hidden = this.hiddenBias.length;
    this.amount = this.hiddenBias.reduce((sum, c, j) => sum + (state & (1 << j) ? c : 0), 0);
    for (let i = 0; i < this.odds.length; i++) {
      let field = this.visibleBias[i];
      for (let j = 0; j < hidden; j++) if (state & (1 << j)) field += this.weights[i * hidden + j];
      this.odds[i] = Math.exp(field);
    }
  }

  flip(j, state) {
    const rising = (state & (1 << j)) !== 0;
    this.amount += rising ? this.hiddenBias[j] : -this.hiddenBias[j];
    const factor = rising ? this.on[j] : this.off[j];
    for (let i = 0; i < factor.length; i++) this.odds[i] *= factor[i];
  }

  /** log of the sum over visible states of exp(-E). */
  logSum() {
    const { odds } = this;
    let sum = this.amount;
    let at = 0;
    for (; at + FACTORS <= odds.length; at += FACTORS) {
      let product = 1;
      for (let k = 0; k < FACTORS; k++) product *= 1 + odds[at + k];
      sum += Math.log(product);
    }
    for (; at < odds.length; at++) sum += Math.log1p(odds[at]);
    return sum;
  }
}

/** Sum of exponentials that are met one by one. */
class LogSum {
  highest = Number.NEGATIVE_INFINITY;
  sum = 0;

  add(x) {
    if (x <= this.highest) this.sum += Math.exp(x - this.highest);
    else {
      this.sum = this.sum * Math.exp(this.highest - x) + 1;
      this.highest = x;
    }
  }

  get value() {
    return this.highest + Math.log(this.sum);
  }
}

/** log Z in nats. Cost: 2^hidden times visible. */
export function logPartition(rbm) {
  const { hidden } = rbm;
  if (hidden > 26) throw new RangeError(`${hidden} hidden units are too many to enumerate`);
  const states = new HiddenStates(...[rbm.weights, rbm.visibleBias, rbm.hiddenBias].map(({ data }) => Float64Array.from(data)));
  const total = new LogSum();
  for (let n = 0; n < 2 ** hidden; n++) {
    const state = n ^ (n >> 1);
    if (n % FRESH === 0) states.set(state);
    else states.flip(31 - Math.clz32(n & -n), state);
    total.add(states.logSum());
  }
  if (!Number.isFinite(total.value)) throw new RangeError('log Z is not finite: a field of more than 80 nats');
  return total.value;
}

/** Mean log-likelihood of the rows in nats, and its standard error. */
export async function logLikelihood(rbm, rows, logZ = logPartition(rbm)) {
  const energies = (await rbm.freeEnergy(rows)).data;
  const mean = energies.reduce((sum, f) => sum - f, 0) / energies.length - logZ;
  const variance = energies.reduce((sum, f) => sum + (-f - logZ - mean) ** 2, 0) / energies.length;
  return { mean, error: Math.sqrt(variance / energies.length) };
}
