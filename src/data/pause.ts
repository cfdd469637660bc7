import { setImmediate } from 'node:timers/promises';

/** Lets the event loop do what waits for it. */
export async function pause(): Promise<void> {
  await setImmediate();
}
