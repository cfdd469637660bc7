import { WriteStream } from 'node:tty';
import type { Colour } from './colours.js';

/** What a terminal can show: any colour, the 256 of its table, or none. */
export type TerminalColours = '24-bit' | '256' | 'none';

/**
 * What the terminal can show that an environment describes, by `COLORTERM`, `TERM`, `NO_COLOR` and
 * what else Node.js knows.
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

/**
 * The table from 16 on: a cube of 6 × 6 × 6 colours, then greys. What stands before differs from
 * terminal to terminal.
 */
const firstIndex = 16;
const levels = [0, 95, 135, 175, 215, 255];
const table: readonly Colour[] = [
  ...levels.flatMap((red) => levels.flatMap((green) => levels.map((blue): Colour => [red, green, blue]))),
  ...Array.from({ length: 24 }, (_, i): Colour => [8 + 10 * i, 8 + 10 * i, 8 + 10 * i]),
];

/** The nearest colour of the table. */
function tableIndex(colour: Colour): number {
  const distances = table.map((other) => distance(colour, other));
  return firstIndex + distances.indexOf(Math.min(...distances));
}

/**
 * Differences between channels count too: the cube is coarse, and another hue would be worse than
 * another lightness.
 */
function distance([r, g, b]: Colour, [red, green, blue]: Colour): number {
  const [x, y, z] = [r - red, g - green, b - blue];
  return x * x + y * y + z * z + (x - y) ** 2 + (y - z) ** 2 + (z - x) ** 2;
}
