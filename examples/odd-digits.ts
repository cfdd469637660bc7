// Find what does not belong: a machine learns digits without fours, and a detector calls at most
// one ordinary digit in twenty odd. How many fours does it find?
import { AnomalyDetector, anomalyDetector, RBM } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const pixels = 784;
const unknown = 4;
const { train, test } = await loadMnist();

type Part = typeof train;
const numbered = ({ labels }: Part, keep: (label: number) => boolean): number[] =>
  Array.from({ length: labels.shape[0] ?? 0 }, (_, r) => r).filter((r) => keep(labels.get(r)));

/** Black and white rows. */
const rowsOf = ({ images }: Part, rows: readonly number[]): Uint8Array[] =>
  rows.map((r) => Uint8Array.from({ length: pixels }, (_, i) => Number(images.get(r, i) >= 0.5)));

// Some ordinary digits are kept from training: the detector is calibrated on them.
const ordinary = rowsOf(
  train,
  numbered(train, (label) => label !== unknown),
);
const [learnt, calibration] = [ordinary.slice(0, -400), ordinary.slice(-400)];
const rbm = new RBM({ visible: pixels, hidden: small ? 48 : 500, seed: 1 });
await rbm.fit(learnt, { epochs: small ? 8 : 60 });

const detector = await anomalyDetector(rbm, calibration, { falseAlarms: 0.05 });
const [known, odd] = [(label: number) => label !== unknown, (label: number) => label === unknown].map((keep) =>
  rowsOf(test, numbered(test, keep)),
) as [Uint8Array[], Uint8Array[]];
const share = async (rows: Uint8Array[]) => {
  const { data } = await detector.isAnomalous(rows);
  return data.reduce((sum, alarm) => sum + alarm, 0) / rows.length;
};
const [falseAlarms, found] = [await share(known), await share(odd)];
console.log(`alarms: ${(100 * falseAlarms).toFixed(1)} % of ordinary digits, ${(100 * found).toFixed(1)} % of fours`);

// A detector is a few numbers beside the machine's own file.
const again = AnomalyDetector.from(rbm, JSON.parse(JSON.stringify(detector)));
console.log(`the same threshold from JSON: ${again.threshold === detector.threshold}`);

const all = [...known, ...odd];
const scores = (await detector.score(all)).data;
const oddest = Array.from(scores, (_, r) => r).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
const shown = [...oddest.slice(0, 20), ...oddest.slice(-20)].map((r) => Array.from(all[r] ?? []));
await writePng('odd-digits.png', tiles(shown, { height: 28, width: 28, columns: 20 }));
console.log('wrote odd-digits.png: the oddest digits above, the most ordinary ones below');
rbm.dispose();
process.exitCode = found > falseAlarms && falseAlarms < 0.12 ? 0 : 1;
