/** Pictures of weights, samples and training: `boltzkit/viz`. */
export type { Baseline, Panel } from './chart.js';
export { type ConfusionPictureOptions, confusionPicture } from './confusion-picture.js';
export { type CurvesOptions, curves, writeSvg } from './curves.js';
export { encodePng, writePng } from './png.js';
export { type PointMapOptions, pointMap } from './point-map.js';
export { type PreviewOptions, preview } from './preview.js';
export { type ReliabilityBin, type ReliabilityOptions, reliabilityDiagram } from './reliability-diagram.js';
export { type Fact, type Headline, type ReportOptions, report, type Section } from './report.js';
export type { Band, Series } from './series.js';
export { type TerminalColours, terminalColours } from './terminal.js';
export { type Picture, type TileOptions, tiles } from './tiles.js';
export { type TileCaptions, type TilesSvgOptions, tilesSvg } from './tiles-svg.js';
