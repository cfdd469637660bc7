// Workers that are terminated while native code is at work in them must not take the process along.
import { Worker } from 'node:worker_threads';

for (let k = 0; k < 4; k++) {
  const worker = new Worker(new URL('./worker.mjs', import.meta.url));
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await new Promise((resolve) => setTimeout(resolve, 50 * k));
  await worker.terminate();
}
console.log('terminate ok');
