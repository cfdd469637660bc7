/** A process of its own for the driver of a GPU, which `boltzkit doctor` starts: it tells its parent what it finds, and ends. */
import { reportGpus } from './gpu-report.js';

/** Once an empty part has gone, all before it have. */
const end = () => process.send?.({}, () => process.disconnect());

reportGpus((part) => process.send?.(part)).then(end);
