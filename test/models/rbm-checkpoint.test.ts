/** Files of models: what is saved comes back bit for bit; whatever else stands in a file is refused and costs nothing. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileError, FormatError, RBM } from '../../src/index.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/io/safetensors.js';
import { devices, parameterBits } from './support.js';

const run = promisify(execFile);
const rows = [
  [0, 1],
  [1, 1],
  [1, 0],
];

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-checkpoint-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The smallest model with everything a checkpoint can hold: chains, optimiser, offsets, averages, activities, in the middle of a run. */
async function smallCheckpoint(path: string): Promise<void> {
  using rbm = new RBM({ visible: 2, hidden: 1, seed: 5, device: 'cpu' });
  const controller = new AbortController();
  const options = {
    epochs: 4,
    batchSize: 2,
    algorithm: { name: 'pcd', chains: 2 },
    optimiser: 'adam',
    averageLast: 0.9,
    sparsity: { target: 0.2 },
  } as const;
  const done = rbm.fit(rows, { ...options, signal: controller.signal, checkpoint: { path, every: 5 } });
  await done;
}

describe.each(devices)('saving and loading on %s', (device) => {
  it('brings a model back with its parameters, seed, counters and training record', async () => {
    using rbm = new RBM({ visible: 2, hidden: 3, seed: 2n ** 64n - 1n, device, weightScale: 0.3 });
    await rbm.fit(rows, { epochs: 2, batchSize: 2 });
    await rbm.sample(3, { sweeps: 2 });
    await rbm.save(file('model'));
    using loaded = await RBM.load(file('model'), { device });
    expect([loaded.visible, loaded.hidden, loaded.seed]).toEqual([2, 3, 2n ** 64n - 1n]);
    expect(parameterBits(loaded)).toBe(parameterBits(rbm));
    expect(loaded.training).toEqual(rbm.training);
    const next = async (model: RBM) => [
      ...(await model.sample(40, { sweeps: 2 })).data,
      ...(await model.sampleHidden(new Array(40).fill([1, 0]))).data,
      ...(await model.pseudoLikelihood(new Array(40).fill([1, 0]))).data,
    ];
    expect(await next(loaded)).toEqual(await next(rbm));
  });

  it('of an untrained model', async () => {
    using rbm = new RBM({ visible: 5, hidden: 4, device, seed: 3 });
    await rbm.save(file('fresh'));
    using loaded = await RBM.load(file('fresh'), { device });
    expect(parameterBits(loaded)).toBe(parameterBits(rbm));
    expect(loaded.training).toBeNull();
    const continued = async (model: RBM) => {
      await model.fit(new Array(3).fill([0, 1, 1, 0, 1]), { batchSize: 3, epochs: 2 });
      return parameterBits(model);
    };
    expect(await continued(loaded)).toBe(await continued(rbm));
  });
});

describe('files', () => {
  it('saved on one device load on the other', async () => {
    using rbm = new RBM({ visible: 4, hidden: 3, device: 'cpu', seed: 8 });
    await rbm.fit([[0, 1, 1, 0]], { batchSize: 1, epochs: 3 });
    await rbm.save(file('cpu'));
    using exact = await RBM.load(file('cpu'), { device: 'reference' });
    expect(Array.from(exact.getParameter('visible-hidden.weights').data)).toEqual(
      Array.from(rbm.getParameter('visible-hidden.weights').data),
    );
    await exact.fit([[0, 1, 1, 0]], { batchSize: 1, epochs: 1 });
    await exact.save(file('reference'));
    using back = await RBM.load(file('reference'), { device: 'cpu' });
    expect(Array.from(back.getParameter('visible-hidden.weights').data)).toEqual(
      Array.from(exact.getParameter('visible-hidden.weights').data, Math.fround),
    );
  });

  it('are the same bytes for the same model', async () => {
    for (const name of ['a', 'b']) {
      using rbm = new RBM({ visible: 4, hidden: 3, seed: 8 });
      await rbm.fit([[0, 1, 1, 0]], { batchSize: 1, epochs: 3 });
      await rbm.save(file(name));
    }
    expect(await readFile(file('a'))).toEqual(await readFile(file('b')));
  });

  it('cut off at any length are refused', async () => {
    await smallCheckpoint(file('small'));
    const bytes = await readFile(file('small'));
    for (let length = 0; length < bytes.length; ++length) {
      await writeFile(file('cut'), bytes.subarray(0, length));
      await expect(RBM.load(file('cut')), `${length} of ${bytes.length} bytes`).rejects.toThrow(FormatError);
    }
    await writeFile(file('cut'), Buffer.concat([bytes, Buffer.of(0)]));
    await expect(RBM.load(file('cut'))).rejects.toThrow(FormatError);
  }, 60_000);

  it('with any single bit flipped are refused', async () => {
    await smallCheckpoint(file('small'));
    const bytes = await readFile(file('small'));
    const bits = Array.from({ length: bytes.length * 8 }, (_, bit) => bit);
    const open = async (bit: number) => {
      const altered = Uint8Array.from(bytes);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      const path = file(`flip-${bit % 16}`);
      await writeFile(path, altered);
      await expect(RBM.load(path), `bit ${bit}`).rejects.toThrow(FormatError);
    };
    for (let first = 0; first < bits.length; first += 16) await Promise.all(bits.slice(first, first + 16).map(open));
  }, 120_000);

  it('with parameters that are not finite, or of another shape, are refused even when their checksum is right', async () => {
    using rbm = new RBM({ visible: 2, hidden: 3 });
    await rbm.save(file('good'));
    const { tensors, metadata } = decodeSafetensors(await readFile(file('good')), 'test');
    const weights = [...tensors.keys()].find((name) => name.includes('weights'))!;
    const altered = async (change: (tensor: { shape: number[]; data: Float32Array }) => unknown) => {
      const copy = new Map([...tensors].map(([name, t]) => [name, { ...t, shape: [...t.shape], data: t.data.slice() }]));
      const { 'boltzkit.sha256': _, ...rest } = metadata;
      change(copy.get(weights) as never);
      await writeFile(file('altered'), encodeSafetensors(copy as never, rest));
      return RBM.load(file('altered'));
    };
    (await altered(() => {})).dispose();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      await expect(
        altered((t) => {
          t.data[3] = value;
        }),
      ).rejects.toThrow(FormatError);
    await expect(altered((t) => t.shape.reverse())).rejects.toThrow(FormatError);
    const missing = new Map([...tensors].filter(([name]) => name !== weights));
    await writeFile(file('altered'), encodeSafetensors(missing as never, metadata));
    await expect(RBM.load(file('altered'))).rejects.toThrow(FormatError);
  });

  it.each([
    ['claims more units than it has tensors for', { units: '1000000' }],
    ['claims no units', { units: '0' }],
    ['names another kind of model', { kind: 'dbm', model: 'dbm' }],
  ])('that %s are refused', async (_, change) => {
    using rbm = new RBM({ visible: 2, hidden: 3 });
    await rbm.save(file('good'));
    const { tensors, metadata } = decodeSafetensors(await readFile(file('good')), 'test');
    const rewrite = (text: string): string =>
      Object.entries(change).reduce(
        (t, [key, value]) =>
          t.replace(new RegExp(`("${key}":\\s*)("[^"]*"|\\d+)`), (_, head, old) => head + (old[0] === '"' ? `"${value}"` : value)),
        text,
      );
    const altered = Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => {
        const name = key.replace(/^.*[./]/, '');
        return [key, name in change ? (change as Record<string, string>)[name]! : rewrite(value)];
      }),
    );
    expect(altered).not.toEqual(metadata);
    await writeFile(file('altered'), encodeSafetensors(tensors, altered));
    await expect(RBM.load(file('altered'))).rejects.toThrow(FormatError);
  });

  it('that are no models are refused, each with its reason', async () => {
    await writeFile(file('text'), 'hello');
    await writeFile(file('empty'), '');
    await writeFile(file('foreign'), foreignSafetensors());
    for (const name of ['text', 'empty', 'foreign']) await expect(RBM.load(file(name))).rejects.toThrow(FormatError);
    await mkdir(file('folder'), { recursive: true });
    await run('mkfifo', [file('fifo')]);
    for (const path of [file('folder'), file('fifo'), file('nowhere'), '/dev/zero'])
      await expect(RBM.load(path)).rejects.toMatchObject({
        code: 'ERR_FILE',
        message: expect.stringMatching(/^RBM\.load: /),
      });
  });

  it('cannot be written where there is no file to be', async () => {
    using rbm = new RBM({ visible: 2, hidden: 3 });
    await mkdir(file('folder'), { recursive: true });
    const message = expect.stringMatching(/^RBM\.save: /);
    for (const path of [file('folder'), join(file('nowhere'), 'model'), '/dev/full'])
      await expect(rbm.save(path)).rejects.toMatchObject({ code: 'ERR_FILE', message });
    for (const path of ['', 7, null, 'a\0b'])
      await expect(rbm.save(path as string)).rejects.toMatchObject({ code: 'ERR_PARAMETER', message });
    expect(rbm.busy).toBe(false);
  });

  it('keep their old content when the new one does not fit on the disk', async () => {
    using rbm = new RBM({ visible: 2, hidden: 3 });
    const path = file('precious');
    await rbm.save(path);
    const before = await readFile(path);
    const script = `
      process.on('SIGXFSZ', () => {});
      const { RBM } = await import('boltzkit');
      const rbm = new RBM({ visible: 300, hidden: 300 });
      const error = await rbm.save(process.argv[1]).catch((e) => e);
      console.log(JSON.stringify([error.code, error.message]));
      await rbm.transform(new Array(300).fill(0));
    `;
    // 64 blocks of 512 or 1,024 bytes: a tenth of the file.
    const shell = `ulimit -f 64; exec "$0" --input-type=module -e "$1" "$2"`;
    const { stdout } = await run('sh', ['-c', shell, process.execPath, script, path]);
    expect(JSON.parse(stdout)).toEqual(['ERR_FILE', expect.stringMatching(/^RBM\.save: .*precious/)]);
    expect(await readFile(path)).toEqual(before);
    expect((await readdir(folder)).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it('are replaced behind a symbolic link', async () => {
    using rbm = new RBM({ visible: 2, hidden: 3 });
    await rbm.save(file('target'));
    await symlink(file('target'), file('link'));
    rbm.setParameter('hidden.bias', [1, 2, 3]);
    await rbm.save(file('link'));
    using loaded = await RBM.load(file('target'));
    expect(Array.from(loaded.getParameter('hidden.bias').data)).toEqual([1, 2, 3]);
  });

  it('are saved while a run goes on, and the last of them can be loaded', async () => {
    using rbm = new RBM({ visible: 2, hidden: 3, seed: 1 });
    const path = file('during');
    await rbm.fit(rows, { epochs: 10, batchSize: 1, checkpoint: { path, every: 7 } });
    using loaded = await RBM.load(path);
    expect(loaded.training!.update % 7 === 0 || loaded.training!.update === 30).toBe(true);
    expect((await stat(path)).isFile()).toBe(true);
  });

  it('that cannot be written end the run with the error, at a complete update', async () => {
    using rbm = new RBM({ visible: 2, hidden: 3, seed: 1 });
    const checkpoint = { path: join(file('nowhere'), 'model'), every: 2 };
    await expect(rbm.fit(rows, { epochs: 10, batchSize: 1, checkpoint })).rejects.toThrow(FileError);
    expect(rbm.training!.update).toBe(2);
    await rbm.fit(rows, { resume: true });
    expect(rbm.training!.update).toBe(30);
  });
});

describe('resuming', () => {
  it('needs the same data and the same settings', async () => {
    using rbm = new RBM({ visible: 2, hidden: 3, seed: 1 });
    await expect(async () => rbm.fit(rows, { resume: true })).rejects.toThrow(/^RBM\.fit: .*resume/);
    const run = rbm.fit(new Array(100).fill(rows[0]), { epochs: 100_000, batchSize: 2, monitorRows: 0 });
    run.stop();
    await run;
    for (const [data, options] of [
      [rows, {}],
      [new Array(100).fill(rows[0]), { batchSize: 3 }],
      [new Array(100).fill(rows[0]), { algorithm: 'cd' }],
      [new Array(100).fill(rows[0]), { centred: false }],
      [new Array(100).fill(rows[0]), { epochs: 7 }],
    ] as const)
      await expect(async () => rbm.fit(data, { ...options, resume: true })).rejects.toMatchObject({
        code: 'ERR_PARAMETER',
        message: expect.stringMatching(/^RBM\.fit: cannot resume/),
      });
  });
});

/** A valid safetensors file of somebody else. */
function foreignSafetensors(): Buffer {
  const header = JSON.stringify({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }).padEnd(64);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(8)]);
}
