import { type Colour, diverging, type Theme } from './colours.js';
import type { Layout } from './tile-layout.js';

/**
 * How many of all absolute values get less than the full colour: a few extreme ones shall not make
 * all others pale.
 */
export const fullColourShare = 0.995;

const grey = (level: number): Colour => [level, level, level];
// Greys that stand out from all colours of the scale.
const gaps = { light: grey(184), dark: grey(92) } as const;
const greyGap = 72;
/** Indices of the diverging scale: an odd number of them, so that zero has one of its own. */
const zeroIndex = 127;
const gapIndex = 255;

/** What images are coloured with: values become indices into a palette of 256 colours. */
export interface Shades {
  /** Whether indices are greys themselves. */
  readonly grey: boolean;
  /** Index of what lies between images. */
  readonly gap: number;
  /** Of 'symmetric': the absolute value that gets the full colour; 0 when all are zero. */
  readonly limit: number;
  /** Index of a value of image number `image`; NaN is drawn as zero. */
  index(value: number, image: number): number;
}

/** The shades of all images of a layout, on one scale unless each has its own. */
export function shadesOf({ values, range, limit, height, width }: Omit<Layout, 'columns'>): Shades {
  if (range === 'symmetric') return symmetric(limit ?? quantile(values, fullColourShare));
  const size = height * width;
  const extremes =
    range === 'each' ? Array.from({ length: values.length / size }, (_, i) => extent(values.subarray(i * size, (i + 1) * size))) : [];
  return {
    grey: true,
    gap: greyGap,
    limit: 1,
    index(value, image) {
      const [low, high] = extremes[image] ?? [0, 1];
      const share = high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
      return Number.isNaN(share) ? 0 : Math.round(255 * share);
    },
  };
}

function symmetric(limit: number): Shades {
  const index = (value: number) => {
    const share = Number.isNaN(value) || limit === 0 ? 0 : Math.min(Math.max(value / limit, -1), 1);
    // Both signs are rounded alike.
    return zeroIndex + Math.sign(share) * Math.round(zeroIndex * Math.abs(share));
  };
  return { grey: false, gap: gapIndex, limit, index };
}

/** The colours that indices stand for. */
export function paletteOf(shades: Shades, theme: Theme): readonly Colour[] {
  if (shades.grey) return Array.from({ length: 256 }, (_, level) => grey(level));
  return Array.from({ length: 256 }, (_, i) => (i === gapIndex ? gaps[theme] : diverging((i - zeroIndex) / zeroIndex, theme)));
}

/** From the lowest to the highest index that a value may get. */
export function scaleIndices({ grey }: Shades): Uint8Array {
  return Uint8Array.from({ length: grey ? 256 : gapIndex }, (_, i) => i);
}

/**
 * The place of an index on its scale: from 0 to 1 for greys, from −1 to 1 around the neutral
 * colour.
 */
export function placeOf({ grey }: Shades, index: number): number {
  return grey ? index / 255 : (index - zeroIndex) / zeroIndex;
}

/** A quantile of the finite absolute values. */
function quantile(values: Float64Array, share: number): number {
  const sizes = values.map(Math.abs).filter(Number.isFinite).sort();
  return sizes[Math.ceil(share * sizes.length) - 1] || (sizes.at(-1) ?? 0);
}

function extent(values: Float64Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
