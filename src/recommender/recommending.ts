/** Lists of items for users. */
import type { Barred } from './barred.js';
import { countCandidates, shortage } from './candidates.js';
import type { Subject } from './question.js';
import type { Wanted } from './recommend-options.js';
import { type Recommendation, Recommendations, type Source } from './results.js';
import type { Scorer } from './scoring.js';
import type { State } from './state.js';
import { best } from './top.js';

/** Recommends to each of the subjects, in their order. */
export async function recommendTo(state: State, scorer: Scorer, subjects: readonly Subject[], wanted: Wanted): Promise<Recommendations[]> {
  const results: Recommendations[] = new Array(subjects.length);
  await scorer.each(subjects, wanted.by, wanted.patience, (i, scores) => {
    const subject = subjects[i] as Subject;
    results[i] = listFor(state, subject, scores, scorer.source(subject, wanted.by), wanted, scorer.barred);
  });
  return results;
}

function listFor(state: State, subject: Subject, scores: Float32Array, source: Source, wanted: Wanted, barred: Barred): Recommendations {
  const { n, allowed } = wanted;
  const isOut = barred.start(allowed.keepSeen ? undefined : subject.seen, allowed.deny);
  const { items, scores: kept } = best(scores, Math.min(n, allowed.only?.length ?? n), isOut, allowed.only);
  const list = Array.from(items, (item, k): Recommendation => ({ ...named(state, item), score: kept[k] as number, source }));
  const candidates = countCandidates(state.items.size, allowed, subject.seen);
  return Recommendations.with(list, { candidates, reason: shortage(n, candidates), unknown: subject.unknown });
}

/** An item as results name it. */
export function named({ items, titles }: State, item: number): { item: Recommendation['item']; title?: string } {
  const title = titles.get(item);
  return title === undefined ? { item: items.id(item) } : { item: items.id(item), title };
}
