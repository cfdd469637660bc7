// Features of one row at a time through the public API, promise and all: the latency a server sees. `transformsync`: without the promise.
import { report, test, transform } from '../lib/driver.mjs';
import { rows, startMachine } from './machine.mjs';

const rbm = startMachine();
const calls = {
  transform: async (row) => (await rbm.transform(row)).data,
  transformsync: (row) => rbm.transformSync(row).data,
};
if (test === 'transformsync' && typeof rbm.transformSync !== 'function') report('boltzkit', [], { skipped: 'RBM has no transformSync' });
else await transform('boltzkit', rows, calls[test], 1000);
rbm.dispose();
