// What a program does with boltzkit: train, save, load, sample, stop, fail, read a table, draw.
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError, RBM, ShapeError } from 'boltzkit';
import { readTable, writeCsv } from 'boltzkit/tables';
import { tiles } from 'boltzkit/viz';

const folder = mkdtempSync(join(tmpdir(), 'boltzkit-runtime-'));
const rows = Array.from({ length: 200 }, (_, r) => Array.from({ length: 9 }, (_, c) => Number((r + c) % 5 < 2)));
const rbm = new RBM({ visible: 9, hidden: 5, seed: 3 });
strictEqual((await rbm.fit(rows, { epochs: 20, batchSize: 20 })).length, 20);

const file = join(folder, 'model.safetensors');
await rbm.save(file);
const loaded = await RBM.load(file);
deepStrictEqual((await loaded.sample(3, { sweeps: 5 })).shape, [3, 9]);
deepStrictEqual([...(await loaded.transform(rows)).data], [...(await rbm.transform(rows)).data]);

for await (const report of rbm.fit(rows, { epochs: 3 })) if (report.epoch === 2) break;
const controller = new AbortController();
setTimeout(() => controller.abort(new Error('enough')), 50);
await rejects(async () => rbm.fit(rows, { epochs: 1_000_000, signal: controller.signal }), { message: 'enough' });
await rejects(
  () => RBM.load(join(folder, 'nothing')),
  (error) => error instanceof FileError && error.systemCode === 'ENOENT',
);
await rejects(async () => rbm.fit([[1, 0]]), ShapeError);

await writeCsv(
  join(folder, 'table.csv'),
  [1.5, 2.5, 3.25, 4].map((a, i) => ({ a, b: 'xyz'[i % 3] })),
);
deepStrictEqual((await readTable(join(folder, 'table.csv'))).unitNames, ['a', 'b']);
ok(tiles(rows.slice(0, 4), { height: 3, width: 3 }).data.length > 0);
rbm.dispose();
loaded.dispose();
rmSync(folder, { recursive: true });
console.log('main ok');
