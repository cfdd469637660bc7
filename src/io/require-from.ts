/**
 * `require` of a file or folder. Bundlers that know `createRequire` by its name would try to include what is asked for; what boltzkit asks
 * for is decided when it runs, so the name is not imported on its own.
 */
import Module from 'node:module';

/** @throws TypeError for anything but a `file:` URL or an absolute path. */
export function requireFrom(place: string): NodeJS.Require {
  return Module.createRequire(place);
}
