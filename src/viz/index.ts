/** Pictures of weights, samples and training: `boltzkit/viz`. */
export { type CurvesOptions, curves, writeSvg } from './curves.js';
export { encodePng, writePng } from './png.js';
export type { Panel, Series } from './series.js';
export { type Picture, type TileOptions, tiles } from './tiles.js';
