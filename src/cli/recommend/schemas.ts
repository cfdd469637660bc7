/** What requests to the server and its answers look like: the checks and the OpenAPI document come from these. */
import { z } from 'zod';

/** Recommendations that one request may ask for. */
const mostItems = 1000;
/** Ratings, or ids, that one request may bring along. */
const mostGiven = 10_000;

const id = z.union([z.string(), z.number()]).describe('an id as the training rows had it; a number and its text are the same');
const ids = z.array(id).max(mostGiven);
const n = z.int().min(1).max(mostItems).describe('how many, 10 if left out');
const word = z.enum(['true', 'false']);
const textNumber = z.coerce.number();
const textList = z.array(z.string()).max(mostGiven);

/** Whom a request is about. */
const about = {
  user: id.optional().describe('a user of the training rows'),
  ratings: z
    .array(z.strictObject({ item: id, rating: z.number() }))
    .max(mostGiven)
    .optional()
    .describe("a new user's ratings"),
  items: ids.optional().describe("a new user's items"),
};

export const requests = {
  recommendQuery: z.strictObject({
    user: z.string().describe('a user of the training rows'),
    n: textNumber.pipe(n).optional(),
    only: textList.optional().describe('the only candidates; repeat it for several'),
    deny: textList.optional().describe('no candidates; repeat it for several'),
    keepSeen: word.optional().describe('whether items that the user has are candidates'),
    atLeast: textNumber.optional().describe('rank by the probability of a rating of at least this'),
  }),
  recommend: z.strictObject({
    ...about,
    n: n.optional(),
    only: ids.optional(),
    deny: ids.optional(),
    keepSeen: z.boolean().optional(),
    by: z.union([z.literal('mean'), z.strictObject({ atLeast: z.number() })]).optional(),
    unknown: z.enum(['error', 'ignore']).optional().describe('what to do with items that are not known'),
  }),
  similarQuery: z.strictObject({ item: z.string(), n: textNumber.pipe(n).optional() }),
  predictQuery: z.strictObject({ user: z.string(), item: textList.min(1).max(mostItems).describe('repeat it for several') }),
  predict: z.strictObject({
    user: about.user,
    ratings: about.ratings,
    items: z.array(id).min(1).max(mostItems).describe('whose ratings to foresee'),
  }),
};

const named = { item: id, title: z.string().optional() };

export const answers = {
  recommend: z.object({
    recommendations: z.array(z.object({ ...named, score: z.number(), source: z.enum(['model', 'fold-in', 'popularity']) })),
    candidates: z.object({ all: z.int(), outside: z.int(), denied: z.int(), seen: z.int(), left: z.int() }),
    reason: z.string().nullable().describe('why there are fewer than asked for'),
    unknown: z.array(id),
  }),
  similar: z.object({ similar: z.array(z.object({ ...named, score: z.number() })) }),
  predict: z.object({
    scale: z.array(z.number()).nullable(),
    predictions: z.array(z.object({ ...named, mean: z.number(), variance: z.number(), probabilities: z.array(z.number()) })),
  }),
  health: z.object({
    status: z.literal('ok'),
    model: z.string(),
    target: z.enum(['ratings', 'interactions']),
    users: z.int(),
    items: z.int(),
    version: z.string(),
  }),
  error: z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
};

/** What is wrong with a request, in one line. */
export function issuesText(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => (path.length === 0 ? message : `\`${path.join('.')}\`: ${message}`)).join('; ');
}
