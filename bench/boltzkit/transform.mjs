// Features of one row at a time through the public API, promise and all: the latency a server sees.
import { RBM } from 'boltzkit';
import { readRows, threads, transform } from '../lib/driver.mjs';
import { work } from '../lib/work.mjs';

const rbm = new RBM({ visible: work.visible, hidden: work.hidden, seed: 1, threads });
const oneRow = async (row) => (await rbm.transform(row)).data;
await transform('boltzkit', readRows(), oneRow, rbm.weights.data, rbm.hiddenBias.data, 1000);
rbm.dispose();
