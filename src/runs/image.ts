/** Height and width of the pictures that rows of data stand for. */
export interface ImageShape {
  height: number;
  width: number;
}

/**
 * When nothing else is known: a square number of columns, 4 × 4 at least, is taken for a square
 * picture.
 */
export function guessImageShape(cols: number): ImageShape | null {
  const side = Math.round(Math.sqrt(cols));
  return side >= 4 && side * side === cols ? { height: side, width: side } : null;
}

/** What to say when there is no shape. */
export function noImageNote(cols: number): string {
  return `${cols} columns are not a square picture, so no pictures of filters and samples: --image HxW says their shape`;
}
