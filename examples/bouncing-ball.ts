// A model of sequences: a ball that bounces in a box. It learns the next frame from the three before
// it, and goes on alone from there.
import { ConditionalRBM, cd, linear, rowsOf } from 'boltzkit';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const side = small ? 8 : 16;
const radius = side / 6;

/** Frames of one ball, 1 where it is: from a place and a direction that `seed` chooses. */
function ball(frames: number, seed: number): Float32Array {
  let state = Math.imul(seed, 2654435761) >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const [low, high] = [radius, side - radius];
  const [place, step] = [
    [0, 1].map(() => low + (high - low) * random()),
    [0, 1].map(() => (random() < 0.5 ? -1 : 1) * (0.6 + 0.5 * random())),
  ];
  const data = new Float32Array(frames * side * side);
  for (let t = 0; t < frames; t++) {
    for (let at = 0; at < side * side; at++) {
      const [x, y] = [(at % side) + 0.5, Math.floor(at / side) + 0.5];
      data[t * side * side + at] = Number(Math.hypot(x - place[0]!, y - place[1]!) < radius);
    }
    for (const k of [0, 1]) {
      place[k]! += step[k]!;
      if (place[k]! < low || place[k]! > high) step[k]! *= -1;
      place[k] = Math.min(high, Math.max(low, place[k]!));
    }
  }
  return data;
}

const frames = 100;
const sequence = (seed: number, count = frames) => ({ data: ball(count, seed), shape: [count, side * side] });
const sequences = Array.from({ length: small ? 40 : 200 }, (_, i) => sequence(i + 1));

const history = 3;
const model = new ConditionalRBM({ visible: side * side, hidden: small ? 60 : 300, history, seed: 1 });
await model.fit(
  { sequences },
  { algorithm: cd({ sweeps: 2 }), epochs: small ? 15 : 40, learningRate: linear(0.1, { hold: 0.3 }), monitorRows: 0 },
);

// Wrong pixels of the next frame, foreseen and if the ball stood still, of balls that were not seen.
const unseen = Array.from({ length: 5 }, (_, i) => sequence(1000 + i));
const wrong = { foreseen: 0, still: 0, frames: 0 };
for (const { data, shape } of unseen) {
  const next = rowsOf(await model.predict({ data, shape }, { warmup: 20, sweeps: 20 }));
  let t = history;
  for (const means of next) {
    if (t === frames) break; // the one after the end
    for (let at = 0; at < side * side; at++) {
      const truth = data[t * side * side + at];
      wrong.foreseen += Number(Number((means[at] ?? 0) > 0.5) !== truth);
      wrong.still += Number(data[(t - 1) * side * side + at] !== truth);
    }
    wrong.frames++;
    t++;
  }
}
const perFrame = (count: number) => (count / wrong.frames).toFixed(2);
console.log(`wrong pixels in the next frame: ${perFrame(wrong.foreseen)}, if the ball stood still ${perFrame(wrong.still)}`);

// Upper row: what the ball does; lower row: what the model dreams from the same three frames on.
const shown = 24;
const truth = sequence(2000, history + shown);
const dream = await model.generate(shown, { start: { data: truth.data.slice(0, history * side * side), shape: [history, side * side] } });
const frame = (data: Float32Array, t: number) => data.subarray(t * side * side, (t + 1) * side * side);
const picture = [
  ...Array.from({ length: shown }, (_, t) => frame(truth.data, history + t)),
  ...Array.from({ length: shown }, (_, t) => frame(Float32Array.from(dream.data), t)),
];
await writePng('bouncing-ball.png', tiles(picture, { height: side, width: side, columns: shown }));
console.log('wrote bouncing-ball.png');
model.dispose();
process.exitCode = wrong.foreseen < 0.7 * wrong.still ? 0 : 1;
