import type { ImageShape } from '../runs/image.js';
import { UsageError } from './failures.js';

/** A typed shape has to fit the columns. */
export function checkImageShape(shape: ImageShape, cols: number): ImageShape {
  if (shape.height * shape.width !== cols) {
    throw new UsageError(
      `\`--image ${shape.height}x${shape.width}\` has ${shape.height * shape.width} pixels, but rows have ${cols} columns`,
    );
  }
  return shape;
}
