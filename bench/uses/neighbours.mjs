// What the training rows nearest to the upper half of an image say about its lower half.
//
// Nearest by the number of pixels of the upper half that differ (the first in the file of equal ones). P(pixel is ink) = (ink among the k nearest
// + s · m) / (k + s), with m the pixel's mean over all training rows: smoothed towards the mean, by the weight of s rows. k and s are chosen on
// validation rows.

const [PIXELS, HALF] = [784, 392];

/** The upper halves as 13 words of bits. */
function packed(rows) {
  const [count] = rows.shape;
  const words = new Int32Array(count * 13);
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < HALF; i++) if (rows.data[r * PIXELS + i] === 1) words[r * 13 + (i >> 5)] |= 1 << (i & 31);
  }
  return words;
}

function bits(word) {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Numbers of the `most` training rows nearest to row r, nearest first: counted by distance, since there are only 393. */
function nearest(train, count, row, r, most) {
  const distances = new Uint16Array(count);
  const byDistance = new Uint32Array(HALF + 1);
  for (let t = 0; t < count; t++) {
    let distance = 0;
    for (let w = 0; w < 13; w++) distance += bits(train[t * 13 + w] ^ row[r * 13 + w]);
    distances[t] = distance;
    byDistance[distance]++;
  }
  let [limit, found] = [0, byDistance[0]];
  while (found < most) found += byDistance[++limit];
  const close = [];
  for (let t = 0; t < count; t++) if (distances[t] <= limit) close.push(t);
  return close.sort((a, b) => distances[a] - distances[b] || a - b).slice(0, most);
}

/** Mean log-likelihood of a pixel of the lower half, for each row and setting { k, smoothing }. */
export function neighbours(train, rows, settings) {
  const [count] = train.shape;
  const means = new Float64Array(HALF);
  for (let t = 0; t < count; t++) for (let i = 0; i < HALF; i++) means[i] += train.data[t * PIXELS + HALF + i] / count;
  const smooth = means.map((m) => (m * count + 1) / (count + 2)); // a pixel that is never ink may be so once
  const [trainBits, rowBits] = [packed(train), packed(rows)];
  const sizes = [...new Set(settings.map(({ k }) => k))].sort((a, b) => a - b);
  const results = settings.map((setting) => ({ ...setting, logLikelihoods: new Float64Array(rows.shape[0]) }));
  for (let r = 0; r < rows.shape[0]; r++) {
    const close = nearest(trainBits, count, rowBits, r, sizes.at(-1));
    const ink = new Float64Array(HALF);
    let taken = 0;
    for (const k of sizes) {
      for (; taken < k; taken++) for (let i = 0; i < HALF; i++) ink[i] += train.data[close[taken] * PIXELS + HALF + i];
      for (const result of results) {
        if (result.k !== k) continue;
        let sum = 0;
        for (let i = 0; i < HALF; i++) {
          const p = (ink[i] + result.smoothing * smooth[i]) / (k + result.smoothing);
          sum += Math.log(rows.data[r * PIXELS + HALF + i] === 1 ? p : 1 - p);
        }
        result.logLikelihoods[r] = sum / HALF;
      }
    }
  }
  return results;
}
