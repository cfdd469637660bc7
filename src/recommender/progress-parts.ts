import type { Patience } from '../machine/patience.js';

type Report = Patience['onProgress'];

/** What part `part` of `parts` tells: the share of the whole, and the seconds left at the pace of this part. */
export function partOf(report: Report, part: number, parts: number): Report {
  if (report === undefined) return undefined;
  const began = performance.now();
  return ({ fraction }) => {
    const seconds = (performance.now() - began) / 1000;
    report({ fraction: (part + fraction) / parts, secondsLeft: fraction > 0 ? seconds * ((parts - part - fraction) / fraction) : null });
  };
}
