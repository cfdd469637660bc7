/** Where the addon may be. */
import { requireFrom } from '../io/require-from.js';
import { type AddonSearch, platform } from './addon.js';
import { placesOf } from './native-places.js';

/**
 * The places to look at, in the order of preference.
 *
 * @param named - The only file to try, if there is one.
 * @param running - Files that this code may have come from: itself, or the bundle it is part of.
 */
export function addonSearch(named: string | undefined, running?: readonly string[]): AddonSearch {
  const { places, bundle } = placesOf({ name: 'boltzkit.node', package: `@boltzkit/${platform}` }, named, running);
  const candidates = places.map(({ place, find }) => ({ place, load: () => loaded(find()) }));
  return { candidates, bundle };
}

function loaded(path: string | undefined): unknown {
  return path === undefined ? undefined : requireFrom(path)(path);
}
