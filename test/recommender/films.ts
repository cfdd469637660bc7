/** A small world: films of three genres, and people who like one of them. */
import { keyOf, philox4x32 } from '../../src/data/random.js';
import type { RatingRow } from '../../src/recommender/source-objects.js';

export const genres = ['crime', 'love', 'space'] as const;

/** Names such as 'space 4': the genre comes first. */
export const films = genres.flatMap((genre) => Array.from({ length: 12 }, (_, i) => `${genre} ${i + 1}`));

/** What somebody who likes a genre thinks of a film, 1 to 5; even films are a little better. */
export function taste(liked: string, film: string, noise: number): number {
  const base = film.startsWith(liked) ? 4.4 : 2.2;
  return Math.min(5, Math.max(1, Math.round(base + (Number(film.split(' ')[1]) % 2 === 0 ? 0.4 : 0) + noise)));
}

/** Ratings by people who choose what they see mostly in their own genre. Same seed, same ratings. */
export function ratingsOf(people: number, seed = 1): Required<Pick<RatingRow, 'user' | 'item' | 'rating'>>[] {
  const key = keyOf(BigInt(seed));
  const rows: { user: string; item: string; rating: number }[] = [];
  for (let p = 0; p < people; p++) {
    const liked = genres[p % genres.length] as string;
    for (const [f, film] of films.entries()) {
      const [a, b] = philox4x32([p, f, 0, 0], key);
      const sees = a / 2 ** 32 < (film.startsWith(liked) ? 0.6 : 0.15);
      if (sees) rows.push({ user: `${liked} fan ${p}`, item: film, rating: taste(liked, film, (b / 2 ** 32 - 0.5) * 1.6) });
    }
  }
  return rows;
}
