/**
 * Guesses the classes of rows that have no label (Yarowsky, "Unsupervised word sense
 * disambiguation rivaling supervised methods", ACL 1995; Lee, "Pseudo-label", ICML workshop 2013).
 */

/** In place of a class: the row has no label. */
export const unknown = -1;

/** How rows without a label are chosen. */
export interface PseudoLabelSettings {
  /** The least probability of a row's likeliest class. */
  readonly threshold: number;
  /** The least share of labelled rows among those that are learnt; they come several times for it. */
  readonly labelledShare: number;
  /** Whether the guesses should be as often of each class as the labels are. */
  readonly balance: boolean;
}

/** The rows of an epoch, and what each should give. */
export interface PseudoLabels {
  /** Rows by number: those with a guess once, then those with a label. */
  readonly rows: Uint32Array;
  /** One class per row of `rows`. */
  readonly classes: Uint32Array;
  /** How many of them have a guess. */
  readonly guessed: number;
  /** The likeliest class of every row without a label, sure or not; the label of the others. */
  readonly likeliest: Int32Array;
}

/**
 * The likeliest classes of rows without a label, where they are sure enough, beside the labels.
 *
 * @param labels - One class per row, or {@link unknown}.
 * @param probabilities - [rows, classes], of the network as it stands.
 */
export function pseudoLabels(labels: Int32Array, probabilities: Float32Array, settings: PseudoLabelSettings): PseudoLabels {
  const count = probabilities.length / labels.length;
  const factors = settings.balance ? classFactors(labels, probabilities, count) : new Float64Array(count).fill(1);
  const likeliest = new Int32Array(labels);
  const sure: number[] = [];
  const known: number[] = [];
  for (const [r, label] of labels.entries()) {
    if (label !== unknown) {
      known.push(r);
      continue;
    }
    const row = factors.map((factor, k) => factor * (probabilities[r * count + k] as number));
    const best = row.reduce((most, value, k) => (value > (row[most] as number) ? k : most), 0);
    const total = row.reduce((sum, value) => sum + value, 0);
    likeliest[r] = best;
    if ((row[best] as number) >= settings.threshold * total) sure.push(r);
  }
  const { labelledShare } = settings;
  const copies = Math.max(1, Math.ceil(((labelledShare / (1 - labelledShare)) * sure.length) / known.length));
  const rows = new Uint32Array(sure.length + copies * known.length);
  rows.set(sure);
  for (let copy = 0; copy < copies; copy++) rows.set(known, sure.length + copy * known.length);
  return { rows, classes: Uint32Array.from(rows, (r) => likeliest[r] as number), guessed: sure.length, likeliest };
}

/**
 * Factors after which the mean probabilities of rows without a label are the shares of classes
 * among the labels, before rows are normalised again.
 */
function classFactors(labels: Int32Array, probabilities: Float32Array, count: number): Float64Array {
  const [shares, sums] = [new Float64Array(count), new Float64Array(count)];
  for (const [r, label] of labels.entries()) {
    if (label !== unknown) shares[label] = (shares[label] as number) + 1;
    else for (let k = 0; k < count; k++) sums[k] = (sums[k] as number) + (probabilities[r * count + k] as number);
  }
  return shares.map((share, k) => (share === 0 ? 0 : share / Math.max(sums[k] as number, Number.MIN_VALUE)));
}
