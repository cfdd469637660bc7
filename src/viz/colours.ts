/** A colour of a screen, each channel from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** For light or for dark surroundings. */
export type Theme = 'light' | 'dark';

// From negative through zero to positive: blue, neutral, red. Lightness changes evenly to both
// sides, and blue against red is a pair that people with the common colour deficiencies tell apart.
// Zero looks like the page: white on light ones, nearly black on dark ones.
const stops: Readonly<Record<Theme, readonly Colour[]>> = {
  light: [
    [8, 48, 107],
    [49, 116, 178],
    [146, 193, 222],
    [255, 255, 255],
    [246, 170, 138],
    [202, 74, 64],
    [103, 7, 31],
  ],
  dark: [
    [196, 228, 252],
    [96, 165, 226],
    [40, 88, 142],
    [21, 24, 29],
    [140, 46, 42],
    [236, 112, 92],
    [255, 212, 190],
  ],
};

/**
 * The colour of a value from −1 to 1 on a scale that diverges from the neutral colour of a theme.
 */
export function diverging(value: number, theme: Theme): Colour {
  const scale = stops[theme];
  const place = ((Math.min(Math.max(value, -1), 1) + 1) / 2) * (scale.length - 1);
  const index = Math.min(Math.floor(place), scale.length - 2);
  const [from, to] = [scale[index] as Colour, scale[index + 1] as Colour];
  const part = place - index;
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + (to[channel] - from[channel]) * part);
  return [mix(0), mix(1), mix(2)];
}
