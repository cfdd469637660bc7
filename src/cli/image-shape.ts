import { UsageError } from './failures.js';
import type { ImageShape } from './options.js';

/** A typed shape has to fit the columns. */
export function checkImageShape(shape: ImageShape, cols: number): ImageShape {
  if (shape.height * shape.width !== cols) {
    throw new UsageError(
      `\`--image ${shape.height}x${shape.width}\` has ${shape.height * shape.width} pixels, but rows have ${cols} columns`,
    );
  }
  return shape;
}

/** When nothing else is known: a square number of columns, 4 × 4 at least, is taken for a square picture. */
export function guessImageShape(cols: number): ImageShape | null {
  const side = Math.round(Math.sqrt(cols));
  return side >= 4 && side * side === cols ? { height: side, width: side } : null;
}

/** What to say when there is no shape. */
export function noImageNote(cols: number): string {
  return `${cols} columns are not a square picture, so no pictures of filters and samples: --image HxW says their shape`;
}
