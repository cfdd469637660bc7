import { type Command, InvalidArgumentError } from 'commander';
import type { Id } from '../../recommender/ids.js';
import type { About, GivenRating } from '../../recommender/question.js';
import { Recommender } from '../../recommender/recommender.js';
import { fixed } from '../../runs/format.js';
import { UsageError } from '../failures.js';
import { integer, number, toNumber } from '../options.js';
import { Output } from '../output.js';

interface ForOptions {
  user?: string;
  rating?: GivenRating[];
  item?: string[];
  n: number;
  only?: Id[];
  deny?: Id[];
  keepSeen?: true;
  atLeast?: number;
  json?: true;
}

function gathered(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** `item=rating`; the last equals sign counts, so that ids may have some. */
function ratingOf(text: string, before: readonly GivenRating[] = []): GivenRating[] {
  const at = text.lastIndexOf('=');
  const [item, rating] = [text.slice(0, at), toNumber(text.slice(at + 1))];
  if (at < 1 || Number.isNaN(rating)) throw new InvalidArgumentError('Expected item=rating, e.g. --rating Alien=5.');
  return [...before, { item, rating }];
}

function aboutWhom({ user, rating, item }: ForOptions): About {
  const given = [user, rating, item].filter((one) => one !== undefined);
  if (given.length !== 1) throw new UsageError('say for whom: one of --user <id>, --rating <item=rating> … or --item <id> …');
  if (user !== undefined) return { user };
  return rating === undefined ? { items: item ?? [] } : { ratings: rating };
}

async function recommendFor(path: string, options: ForOptions): Promise<void> {
  const output = new Output(options.json === true);
  const { n, only, deny, keepSeen, atLeast } = options;
  const about = aboutWhom(options);
  const rec = await Recommender.load(path);
  const by = atLeast === undefined ? undefined : { atLeast };
  const list = await rec.recommend({ ...about, n, only, deny, keepSeen, by });
  const width = Math.max(0, ...list.map(({ item }) => String(item).length));
  for (const [i, { item, title, score, source }] of list.entries()) {
    const place = String(i + 1).padStart(String(list.length).length);
    const note = source === 'popularity' ? '  (popular)' : '';
    output.line(`${place}  ${fixed(score, 3).padStart(7)}  ${String(item).padEnd(width)}  ${title ?? ''}${note}`.trimEnd());
  }
  if (list.reason !== null) output.line(`note: ${list.reason}`);
  output.record({ recommendations: [...list], candidates: list.candidates, reason: list.reason });
}

export function registerRecommendFor(parent: Command): void {
  parent
    .command('for')
    .description('recommend items to a user, or to somebody new by ratings or items')
    .argument('<model>', 'a recommender, from `boltzkit recommend train`')
    .option('--user <id>', 'a user of the training rows')
    .option('--rating <item=rating>', 'a rating of somebody new; repeat it for several', ratingOf)
    .option('--item <id>', 'an item of somebody new; repeat it for several', gathered)
    .option('-n <count>', 'how many', integer(1), 10)
    .option('--only <id>', 'the only candidates; repeat it for several', gathered)
    .option('--deny <id>', 'no candidate; repeat it for several', gathered)
    .option('--keep-seen', 'items that the user has are candidates too')
    .option('--at-least <rating>', 'rank by the probability of a rating of at least this', number(-Number.MAX_VALUE))
    .option('--json', 'one JSON object on stdout')
    .action(recommendFor);
}
