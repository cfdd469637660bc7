/**
 * Pictures of a run of `boltzkit dbn`: filters per level, samples of every class, who is taken for
 * whom, error curves, a map of codes.
 */
import { join } from 'node:path';
import type { DeepBeliefNetwork } from '../../belief/network.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { calibration } from '../../networks/calibration.js';
import { type ConfusionMatrix, confusionMatrix } from '../../networks/confusion.js';
import { argmax } from '../../results/arrays.js';
import { principalComponents } from '../../results/principal-components.js';
import { count, fixed } from '../../runs/format.js';
import type { ImageShape } from '../../runs/image.js';
import { asRows, pickRows } from '../../runs/matrix.js';
import {
  confusionPicture,
  curves,
  type Panel,
  pointMap,
  reliabilityDiagram,
  report,
  type Section,
  type TilesSvgOptions,
  tiles,
  writePng,
  writeSvg,
} from '../../viz/index.js';
import type { LabelledSet } from './data.js';
import type { AnyClassifier, PhaseParts, Trained } from './phases.js';
import { DBN_FILES } from './record.js';

const FILTERS = { most: 100, columns: 20 } as const;
const SAMPLES = { perClass: 10, free: 100, sweeps: 1000 } as const;
const MAPPED_ROWS = 2000;

/** What is known of rows whose classes were told. */
export interface Judged {
  readonly error: number;
  readonly confusion: ConfusionMatrix;
  readonly probabilities: Awaited<ReturnType<DeepBeliefNetwork['classProbabilities']>>;
  readonly labels: Int32Array;
}

/** Tells the classes of rows by the classifier, or without one by the network. */
export async function judged(
  { network, classifier }: Trained,
  { rows, labels }: LabelledSet,
  classes: number,
  signal: AbortSignal,
): Promise<Judged> {
  const given = asRows(rows);
  const probabilities =
    classifier === null ? await network.classProbabilities(given, { signal }) : await classifier.predictProbabilities(given, { signal });
  const known = labels as Int32Array;
  const confusion = confusionMatrix(known, argmax(probabilities), { classes });
  return { error: confusion.error, confusion, probabilities, labels: known };
}

interface Tiles {
  readonly file: string;
  readonly title: string;
  readonly text: string;
  readonly images: { data: Float32Array; shape: [number, number] };
  readonly options: TilesSvgOptions;
}

/**
 * What each unit of a level generates at the bottom, to first order: the products of the weights
 * below it.
 */
function filters(network: DeepBeliefNetwork, image: ImageShape): Tiles[] {
  const { layers, layerNames, untied } = network;
  const [visible] = layers.map(({ places }) => places) as [number];
  let down: Float64Array | undefined; // [units of the level, visible]
  return layers.slice(1).map(({ places }, l): Tiles => {
    const half = untied && l + 2 < layers.length ? 'generative/' : '';
    const weights = network.getParameter(`level${l + 1}/${half}${layerNames[l]}-${layerNames[l + 1]}.weights`).data;
    const kept = l + 2 === layers.length ? Math.min(places, FILTERS.most) : places;
    down = throughLevel(weights, { below: layers[l]?.places ?? 0, places, kept }, down, visible);
    const shown = Math.min(kept, FILTERS.most);
    return {
      file: `${DBN_FILES.filters}-${l + 1}.png`,
      title: `Filters of level ${l + 1}`,
      text: `Each square is what one unit of ${layerNames[l + 1]} adds to the pixels through the levels below it: red adds ink, blue takes it away.`,
      images: { data: Float32Array.from(down.subarray(0, shown * visible)), shape: [shown, visible] },
      options: { ...image, columns: FILTERS.columns, range: 'symmetric', barLabel: 'weight' },
    };
  });
}

/**
 * Weights [below, places] of a level, transposed, times what the level below adds to the pixels
 * [below, visible].
 */
function throughLevel(
  weights: Float64Array,
  { below, places, kept }: { below: number; places: number; kept: number },
  lower: Float64Array | undefined,
  visible: number,
): Float64Array {
  const out = new Float64Array(kept * visible);
  for (let j = 0; j < kept; j++) {
    const row = out.subarray(j * visible, (j + 1) * visible);
    for (let i = 0; i < below; i++) {
      const weight = weights[i * places + j] as number;
      if (lower === undefined) row[i] = weight;
      else for (let p = 0; p < visible; p++) row[p] = (row[p] as number) + weight * (lower[i * visible + p] as number);
    }
  }
  return out;
}

/** What the network draws: a line for each class, or without labels as it likes. */
async function samples(
  network: DeepBeliefNetwork,
  classes: readonly string[] | null,
  image: ImageShape,
  signal: AbortSignal,
): Promise<Tiles> {
  const { perClass, free, sweeps } = SAMPLES;
  const held = network.labels === null ? null : Array.from({ length: network.labels * perClass }, (_, i) => Math.floor(i / perClass));
  const label = held === null ? {} : { label: held };
  const drawn = await network.sample(held?.length ?? free, { sweeps, output: 'mean', signal, ...label });
  const [n = 0, visible = 0] = drawn.shape;
  const captions = held === null || classes === null ? {} : { captions: { rows: classes } };
  return {
    file: DBN_FILES.samples,
    title: 'Samples',
    text: `What the network draws after ${sweeps} sweeps of its top machine${held === null ? '' : ', a class to a line'}.`,
    images: { data: drawn.data, shape: [n, visible] },
    options: { ...image, columns: perClass, ...captions, barLabel: 'probability' },
  };
}

/** Errors and metrics over the epochs of each phase. */
function panels({ record }: PhaseParts): Panel[] {
  const xLabel = 'epoch';
  const orNone = (value: number | null): number => value ?? Number.NaN;
  const byLevel = [...new Set(record.levels.map(({ layer }) => layer))].map((layer) => record.levels.filter((one) => one.layer === layer));
  const learnt = byLevel.map((epochs) => ({
    name: epochs[0]?.layer ?? '',
    x: epochs.map(({ epoch }) => epoch),
    y: epochs.map(({ pseudoLikelihood }) => orNone(pseudoLikelihood)),
  }));
  const slept = record.upDownEpochs.map(({ epoch, validationError }) => ({ epoch, error: orNone(validationError) }));
  const tuned = record.tuned;
  const percent = (value: number | null): number => 100 * orNone(value);
  return [
    ...(learnt.length === 0 ? [] : [{ title: 'Pretraining', xLabel, yLabel: 'log-pseudo-likelihood, nats per row', series: learnt }]),
    ...(slept.some(({ error }) => Number.isFinite(error))
      ? [
          {
            ...{ title: 'Up–down', xLabel, yLabel: 'wrong, %' },
            series: [{ name: 'validation', x: slept.map(({ epoch }) => epoch), y: slept.map(({ error }) => 100 * error) }],
          },
        ]
      : []),
    ...(tuned.length === 0
      ? []
      : [
          {
            ...{ title: 'Fine-tuning', xLabel, yLabel: 'wrong, %' },
            series: [
              { name: 'training', x: tuned.map(({ epoch }) => epoch), y: tuned.map(({ error }) => percent(error)) },
              { name: 'validation', x: tuned.map(({ epoch }) => epoch), y: tuned.map(({ validationError }) => percent(validationError)) },
            ].filter(({ y }) => y.some(Number.isFinite)),
          },
        ]),
  ];
}

/** Features of the top layer of some rows, as a map of their two principal components. */
async function codes({ network, classifier }: Trained, parts: PhaseParts, { rows, labels }: LabelledSet): Promise<string> {
  const chosen = Uint32Array.from({ length: Math.min(rows.rows, MAPPED_ROWS) }, (_, i) => i);
  const given = asRows(pickRows(rows, chosen));
  const { signal } = parts;
  const features = await (classifier === null
    ? network.transform(given, { signal })
    : classifier.transform(given, lastHidden(classifier), { signal }));
  const { scores } = principalComponents(features);
  const { classes } = parts.record.loaded;
  const known = labels === null || classes === null ? {} : { labels: labels.subarray(0, chosen.length), classes };
  return pointMap(scores, { title: 'Codes', xLabel: 'first component', yLabel: 'second component', ...known });
}

function lastHidden({ layerNames }: AnyClassifier): string {
  return layerNames.at(-2) as string;
}

/** Draws everything; returns the names of the files. */
export async function writeDbnPictures(parts: PhaseParts, trained: Trained, seen: Judged | null): Promise<string[]> {
  const { folder, record, data, signal } = parts;
  const { image, classes } = record.loaded;
  const path = (file: string): string => join(folder, file);
  const drawn: Tiles[] = image === null ? [] : [...filters(trained.network, image), await samples(trained.network, classes, image, signal)];
  for (const { file, images, options } of drawn) {
    const { height, width, columns, range } = options;
    await writePng(path(file), tiles(images, { height, width, columns, range }));
  }
  const svgs: [string, string][] = [];
  const charts = panels(parts);
  if (charts.length > 0) svgs.push([DBN_FILES.curves, curves(charts)]);
  svgs.push([DBN_FILES.codes, await codes(trained, parts, data.test ?? data.validation ?? data.train)]);
  if (seen !== null) {
    const title = 'Who is taken for whom';
    svgs.push([DBN_FILES.confusion, confusionPicture(seen.confusion.counts, { ...(classes === null ? {} : { classes }), title })]);
    const calibrated = calibration(seen.probabilities, seen.labels);
    svgs.push([DBN_FILES.reliability, reliabilityDiagram(calibrated, { title: 'How far its probabilities can be trusted' })]);
  }
  for (const [file, svg] of svgs) await writeSvg(path(file), svg);
  const page = report(reportOf(parts, drawn, charts, seen));
  await writeFileAtomic(path(DBN_FILES.report), new TextEncoder().encode(page), 'dbn train');
  return [...drawn.map(({ file }) => file), ...svgs.map(([file]) => file), DBN_FILES.report];
}

function reportOf({ record }: PhaseParts, drawn: readonly Tiles[], charts: Panel[], seen: Judged | null): Parameters<typeof report>[0] {
  const { loaded, layers, seed, errors } = record;
  const facts: [string, string][] = [
    [
      'data',
      `${loaded.name}: ${count(loaded.rows)} rows, ${count(loaded.validationRows)} for validation, ${count(loaded.testRows)} for the test`,
    ],
    ['layers', [loaded.columns, ...layers].join('–')],
    ['seed', seed],
  ];
  const percent = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : `${fixed(100 * value)} %`);
  const rows: [string, typeof errors.network][] = [
    ['network', errors.network],
    ['classifier', errors.classifier],
  ];
  const headlines = rows.flatMap(([name, error]) =>
    error === null
      ? []
      : [
          {
            name: `wrong, ${name}`,
            value: percent(error.test ?? error.validation),
            note: error.test === null ? 'validation rows' : 'test rows',
          },
        ],
  );
  const sections: Section[] = [
    ...(charts.length === 0 ? [] : [{ title: 'Curves', curves: { charts } }]),
    ...drawn.map(({ title, text, images, options }) => ({ title, text, tiles: { images, ...options } })),
    ...(seen === null
      ? []
      : [
          {
            title: 'Most frequent confusions',
            facts: seen.confusion.confusions.slice(0, 10).map(({ label, predicted, count: times }): [string, string] => {
              const name = (k: number): string => loaded.classes?.[k] ?? String(k);
              return [`${name(label)} taken for ${name(predicted)}`, count(times)];
            }),
          },
        ]),
  ];
  return { title: `Deep belief network ${[loaded.columns, ...layers].join('–')}`, headlines, facts, sections };
}
