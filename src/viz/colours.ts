type Colour = readonly [red: number, green: number, blue: number];

// From negative through zero to positive: blue, white, red. Lightness falls evenly to both sides, and blue against red is a pair that
// people with the common colour deficiencies tell apart.
const stops: readonly Colour[] = [
  [8, 48, 107],
  [49, 116, 178],
  [146, 193, 222],
  [255, 255, 255],
  [246, 170, 138],
  [202, 74, 64],
  [103, 7, 31],
];

/** The colour of a value from −1 to 1 on a scale that diverges from white. */
export function diverging(value: number): Colour {
  const place = ((Math.min(Math.max(value, -1), 1) + 1) / 2) * (stops.length - 1);
  const index = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[index] as Colour, stops[index + 1] as Colour];
  const part = place - index;
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + (to[channel] - from[channel]) * part);
  return [mix(0), mix(1), mix(2)];
}

// Okabe and Ito, "Color universal design" (2008): distinguishable with every common colour deficiency. Yellow is left out: it is hard to
// see as a thin line on white.
const lines = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'] as const;

/** The colour of the n-th line of a chart. */
export function lineColour(n: number): string {
  return lines[n % lines.length] as string;
}
