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

/** What a share of the work tells, as a fraction of all of it. Shares differ in pace, so seconds are not foretold. */
export function shareOf(report: Report, from: number, to: number): Report {
  return report && (({ fraction }) => report({ fraction: from + (to - from) * fraction, secondsLeft: null }));
}
