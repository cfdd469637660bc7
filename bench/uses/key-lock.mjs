// The key-lock task, after the large-action task of Sallans & Hinton (2004, section 5.1), from memory where it says so below.
//
// There are `keys` random state vectors of `stateBits`, each with a random action vector of `actionBits`. In a state, the nearest key (by Hamming
// distance, the first of equal ones) decides; the reward is the number of bits that the action shares with that key's action. Every trial stands
// alone. `states` says which states come: 'keys', one of the keys, or 'all', any vector.
import { randomOf } from './anomaly-data.mjs';

export function keyLock({ stateBits = 12, actionBits = 40, keys = 13, states = 'keys', seed = 1 } = {}) {
  const random = randomOf(seed);
  for (let i = 0; i < 10; i++) random();
  const vector = (n) => Uint8Array.from({ length: n }, () => Number(random() < 0.5));
  const pairs = Array.from({ length: keys }, () => ({ state: vector(stateBits), action: vector(actionBits) }));
  const differ = (a, b) => a.reduce((sum, bit, i) => sum + Number(bit !== b[i]), 0);
  const nearest = (state) => pairs.reduce((best, pair) => (differ(pair.state, state) < differ(best.state, state) ? pair : best));
  return {
    actionBits,
    stateBits,
    state: () => (states === 'keys' ? pairs[Math.floor(random() * keys)].state : vector(stateBits)),
    reward: (state, action) => actionBits - differ(nearest(state).action, action),
  };
}
