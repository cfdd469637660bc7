/**
 * From ratings to recommendations: learns what people think of films, recommends to somebody it knows
 * and to somebody new, says why, and checks that it ranks unseen films better than popularity does.
 */
import { Recommender, splitRatings } from 'boltzkit';

const { rows, titles } = generated(process.env.BOLTZKIT_SMALL ? 150 : 600); // rows of { user, item, rating }
const rec = await Recommender.fit(rows, { seed: 1, titles });

const user = rows[0]?.user ?? '';
for (const { title, score } of await rec.recommend({ user, n: 3 })) console.log(`${user}: ${title} (${score.toFixed(1)})`);

// Somebody new needs no training: ratings in, recommendations out.
const space = await rec.recommend({
  ratings: [
    { item: 'space-1', rating: 5 },
    { item: 'love-1', rating: 1 },
  ],
  n: 3,
});
const love = await rec.recommend({
  ratings: [
    { item: 'space-1', rating: 1 },
    { item: 'love-1', rating: 5 },
  ],
  n: 3,
});
console.log(`likes space: ${space.map(({ title }) => title).join(', ')}\nlikes love: ${love.map(({ title }) => title).join(', ')}`);
const { mean, variance } = rec.predict({ ratings: [{ item: 'space-1', rating: 5 }] }, 'space-2');
console.log(`would rate ${rec.title('space-2')}: ${mean.toFixed(1)} ± ${Math.sqrt(variance).toFixed(1)}`);

// Does it know more than what is popular? Rows that it has not seen decide, with an interval.
const split = await splitRatings(rows, { seed: 1 });
const judged = await (await Recommender.fit(split.train, { seed: 1 })).evaluate(split, {
  relevantFrom: 4,
  metrics: ['rmse', 'ndcg@10(binary)'],
});
console.log(String(judged));
const [low = 0] = judged.differences.find(({ measure }) => measure === 'rmse')?.interval ?? [];
const isSensible = space.every(({ item }) => String(item).startsWith('space')) && love.every(({ item }) => String(item).startsWith('love'));
process.exitCode = isSensible && low > 0 ? 0 : 1;

/** So many people, each with a genre that they like and see more of; a rating is taste, quality and chance. */
function generated(people: number) {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647; // Lehmer (1951)
    return state / 2147483647;
  };
  const names = { crime: ['Heat', 'Laura', 'Fargo'], love: ['Amélie', 'Carol', 'Once'], space: ['Alien', 'Solaris', 'Moon'] };
  const films = Object.entries(names).flatMap(([genre, known]) =>
    Array.from({ length: 30 }, (_, i) => ({
      genre,
      id: `${genre}-${i + 1}`,
      title: known[i] ?? `${genre} film ${i + 1}`,
      quality: random() - 0.5,
    })),
  );
  const rows = Array.from({ length: people }, (_, p) => {
    const liked = Object.keys(names)[p % 3];
    const seen = films.filter(({ genre }) => random() < (genre === liked ? 0.4 : 0.1));
    const rating = (film: (typeof films)[number]) => 3 + (film.genre === liked ? 1 : -1) + film.quality + random() * 2 - 1;
    return seen.map((film) => ({ user: `${liked}-fan-${p}`, item: film.id, rating: Math.min(5, Math.max(1, Math.round(rating(film)))) }));
  }).flat();
  return { rows, titles: Object.fromEntries(films.map(({ id, title }) => [id, title])) };
}
