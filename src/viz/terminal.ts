import { WriteStream } from 'node:tty';
import type { Colour } from './colours.js';

/** What a terminal can show: any colour, the 256 of its table, or none. */
export type TerminalColours = '24-bit' | '256' | 'none';

/**
 * What the terminal can show that an environment describes, by `COLORTERM`, `TERM`, `NO_COLOR` and what else Node.js knows.
 *
 * @param environment - Default: that of this process.
 */
export function terminalColours(environment: NodeJS.ProcessEnv = process.env): TerminalColours {
  const depth = WriteStream.prototype.getColorDepth(environment);
  if (depth === 24) return '24-bit';
  // Terminals that promise 16 colours only know the table too, or take the nearest.
  return depth === 1 ? 'none' : '256';
}

/** The end of whatever colours were chosen. */
export const reset = '\u001b[0m';

/** The code that chooses a colour for what is written, or for what is behind it. */
export function colourCode([red, green, blue]: Colour, part: 'text' | 'background', colours: TerminalColours): string {
  const layer = part === 'text' ? 38 : 48;
  return colours === '24-bit' ? `\u001b[${layer};2;${red};${green};${blue}m` : `\u001b[${layer};5;${tableIndex([red, green, blue])}m`;
}

/** Levels of a channel in the cube of 6 × 6 × 6 colours that the table of 256 holds from 16 on. Greys 8, 18 … 238 stand from 232 on. */
const levels = [0, 95, 135, 175, 215, 255] as const;

/** The nearest colour of the table. */
function tableIndex(colour: Colour): number {
  const places = colour.map((channel) => nearest(levels, channel));
  const [r, g, b] = places as [number, number, number];
  const cube = places.map((place) => levels[place] as number) as unknown as Colour;
  const step = Math.min(Math.max(Math.round(((colour[0] + colour[1] + colour[2]) / 3 - 8) / 10), 0), 23);
  const grey = 8 + 10 * step;
  return distance(colour, [grey, grey, grey]) < distance(colour, cube) ? 232 + step : 16 + 36 * r + 6 * g + b;
}

function nearest(list: readonly number[], value: number): number {
  return list.reduce((best, level, i) => (Math.abs(level - value) < Math.abs((list[best] as number) - value) ? i : best), 0);
}

function distance(a: Colour, b: Colour): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}
