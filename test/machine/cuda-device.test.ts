/** Naming a GPU, finding the plug-in, and what a model on a GPU says of itself. The GPUs are fakes; that files are loaded is not. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { OptionCheck } from '../../src/arguments.js';
import { ParameterError } from '../../src/errors.js';
import { backendInfo, Classifier, RBM, relu } from '../../src/index.js';
import { chooseBackend, hostBackend, listGpus } from '../../src/machine/backend.js';
import { findPlugin, missingPlugin, whyProcessor } from '../../src/machine/cuda-plugin.js';
import { deviceSchema } from '../../src/runs/settings.js';
import { cudaOrdinal, type Device, deviceForms, namedDevice, readDevice } from '../../src/wiring/device.js';
import { backendFailure } from './backend-failure.js';
import { deviceError, fakeGpus, h200 } from './fake-gpu.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'boltzkit-cuda-')));
afterAll(() => rmSync(folder, { recursive: true }));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const platform = `${process.platform}-${process.arch}`;

/** A file with whatever folders it needs. */
function write(path: string, text = ''): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The package as it is installed, without a plug-in; the path of its module. */
function install(where: string): string {
  write(join(where, 'package.json'), '{ "name": "boltzkit" }');
  return write(join(where, 'dist', 'machine', 'native-places.js'));
}

/** BOLTZKIT_CUDA names a file that no test before has named. */
let files = 0;
function namePlugin(text = 'this is no shared library'): string {
  const path = write(join(folder, `plug-in-${++files}.so`), text);
  vi.stubEnv('BOLTZKIT_CUDA', path);
  return path;
}

const nowhere = join(folder, 'nowhere.so');

describe('the name of a device', () => {
  it("is one of a few words, or 'cuda:' and a number", () => {
    const given = ['auto', 'cpu', 'reference', 'cuda', 'cuda:0', 'cuda:7', 'cuda:10', 'cuda:999999999'];
    const read = ['auto', 'cpu', 'reference', 'cuda:0', 'cuda:0', 'cuda:7', 'cuda:10', 'cuda:999999999'];
    expect(given.map(namedDevice)).toEqual(read);
    expect(given.map((device) => readDevice(new OptionCheck('call'), 'device', device))).toEqual(read);
    expect(given.map((device) => deviceSchema.parse(device))).toEqual(read);
    expect(readDevice(new OptionCheck('call'), 'device', undefined)).toBe('auto');
  });

  it.each([
    'cuda:01',
    'cuda:-1',
    'cuda:1.5',
    'cuda:1e3',
    'cuda:',
    'cuda:x',
    'cuda:0\n',
    'cuda:9999999999',
    'CUDA',
    'gpu',
    '',
    1,
    null,
    ['cpu'],
  ])('is not %j', (given) => {
    expect(namedDevice(given)).toBe(undefined);
    const read = () => readDevice(new OptionCheck('call'), 'device', given);
    expect(read).toThrow(ParameterError);
    expect(read).toThrow(`call: \`device\` must be ${deviceForms}, got `);
    expect(deviceSchema.safeParse(given).error?.issues).toMatchObject([{ message: `must be ${deviceForms}` }]);
  });

  it('is guessed where it is nearly one', () => {
    const read = (given: string) => () => new RBM({ visible: 2, hidden: 1, device: given as Device });
    expect(read('CUDA')).toThrow(
      "`device` must be 'auto', 'cpu', 'reference', 'cuda' or 'cuda:N' with a whole number N, got \"CUDA\" (did you",
    );
    expect(read('refrence')).toThrow("(did you mean 'reference'?)");
    expect(read('cuda:01')).not.toThrow('did you mean');
  });

  it('holds the number of a GPU', () => {
    const devices: Device[] = ['auto', 'cpu', 'reference', 'cuda', 'cuda:0', 'cuda:12'];
    expect(devices.map(cudaOrdinal)).toEqual([undefined, undefined, undefined, 0, 0, 12]);
  });
});

describe('findPlugin', () => {
  it('looks at the build, the prebuilt files and the platform package, and takes the first', () => {
    const installed = join(folder, 'app', 'node_modules', 'boltzkit');
    const running = [install(installed)];
    const places = [
      join(installed, 'build', 'Release', 'boltzkit-cuda.so'),
      join(installed, 'prebuilds', platform, 'boltzkit-cuda.so'),
      `package @boltzkit/${platform}-cuda`,
    ];
    expect(findPlugin('', [install(join(folder, 'bare'))])).toMatchObject({ path: undefined, tried: { length: 3 } });
    const optional = join(folder, 'app', 'node_modules', '@boltzkit', `${platform}-cuda`);
    write(join(optional, 'package.json'), '{ "main": "boltzkit-cuda.so" }');
    const library = write(join(optional, 'boltzkit-cuda.so'), 'no program');
    expect(findPlugin('', running)).toEqual({ path: library, tried: places.slice(0, 2) });
    for (const i of [1, 0]) {
      write(places[i] as string);
      expect(findPlugin('', running)).toEqual({ path: places[i], tried: places.slice(0, i) });
    }
  });

  it('looks nowhere else when BOLTZKIT_CUDA names a file', () => {
    const running = [install(join(folder, 'whole'))];
    write(join(folder, 'whole', 'build', 'Release', 'boltzkit-cuda.so'));
    expect(findPlugin('some/plug-in.so', running)).toEqual({ path: undefined, tried: [resolve('some/plug-in.so')] });
    const path = namePlugin();
    expect(findPlugin()).toEqual({ path, tried: [] });
  });

  it('looks beside a bundle, and in the package where that is installed', () => {
    const bundle = write(join(folder, 'bundled', 'out', 'app.js'));
    const beside = join(folder, 'bundled', 'out', 'boltzkit-cuda.so');
    expect(findPlugin('', [bundle]).tried).toEqual([beside, `package @boltzkit/${platform}-cuda`]);
    const installed = join(folder, 'bundled', 'node_modules', 'boltzkit');
    install(installed);
    expect(findPlugin('', [bundle]).tried).toContain(join(installed, 'prebuilds', platform, 'boltzkit-cuda.so'));
    write(beside);
    expect(findPlugin('', [bundle])).toEqual({ path: beside, tried: [] });
  });
});

describe('without a plug-in', () => {
  it("'cuda' is refused with what was tried", () => {
    vi.stubEnv('BOLTZKIT_CUDA', nowhere);
    const error = backendFailure(() => new RBM({ visible: 3, hidden: 2, device: 'cuda:1' }));
    expect(error.reason).toBe('package_missing');
    expect(error.message).toMatch(/^RBM: `device` 'cuda:1' cannot be used: BOLTZKIT_CUDA names `.*nowhere\.so`, which is not there/);
    expect(error.message).toContain(`  ${nowhere}: not there`);
  });

  it('says what to do on this platform', () => {
    const text = missingPlugin('', 'linux-x64');
    for (const part of ['npm install @boltzkit/linux-x64-cuda', 'npx boltzkit build', 'nvcc', 'BOLTZKIT_CUDA'])
      expect(text).toContain(part);
    expect(missingPlugin('', 'darwin-arm64')).toBe('no CUDA plug-in is installed: CUDA is for Linux on x64, and this is darwin-arm64');
    expect(missingPlugin('x.so', 'darwin-arm64')).toBe('BOLTZKIT_CUDA names `x.so`, which is not there');
  });

  it("'auto' takes the processor and says why", () => {
    vi.stubEnv('BOLTZKIT_DEVICE', '');
    vi.stubEnv('BOLTZKIT_CUDA', nowhere);
    expect(chooseBackend('call', 'auto')).toMatchObject({ backend: hostBackend, device: 'cpu', place: { device: 'cpu' }, gpu: null });
    expect(backendInfo().fallback).toBe(`BOLTZKIT_CUDA names \`${nowhere}\`, which is not there`);
    expect(whyProcessor('')).toMatch(/^(no CUDA plug-in is installed|a CUDA plug-in is installed)/);
    using rbm = new RBM({ visible: 2, hidden: 1, device: 'cpu' });
    expect(rbm.backendInfo().fallback).toBe(null);
  });
});

describe('BOLTZKIT_DEVICE', () => {
  it("stands for 'auto', and for nothing else", () => {
    vi.stubEnv('BOLTZKIT_DEVICE', 'reference');
    const models = [{}, { device: 'auto' }, { device: 'cpu' }] as const;
    expect(models.map((more) => new RBM({ visible: 2, hidden: 1, ...more }).device)).toEqual(['reference', 'reference', 'cpu']);
    expect(new Classifier({ inputs: 2, hidden: [relu(2)], classes: 2 }).device).toBe('reference');
    expect(backendInfo()).toMatchObject({ device: 'reference', fallback: null });
  });

  it.each(['', 'auto', undefined])('leaves everything as it is where it is %j', (value) => {
    vi.stubEnv('BOLTZKIT_DEVICE', value);
    expect(backendInfo().device).toBe('cpu');
  });

  it('is named where it is wrong, or where its device cannot be used', () => {
    vi.stubEnv('BOLTZKIT_DEVICE', 'gpu');
    expect(() => backendInfo()).toThrow(ParameterError);
    expect(() => new RBM({ visible: 2, hidden: 1 })).toThrow(`RBM: \`BOLTZKIT_DEVICE\` must be ${deviceForms}, got "gpu"`);
    expect(new RBM({ visible: 2, hidden: 1, device: 'cpu' }).device).toBe('cpu');
    vi.stubEnv('BOLTZKIT_DEVICE', 'cuda');
    vi.stubEnv('BOLTZKIT_CUDA', nowhere);
    expect(backendFailure(() => backendInfo()).message).toContain("backendInfo: `BOLTZKIT_DEVICE` 'cuda:0' cannot be used: ");
  });
});

describe('with GPUs', () => {
  it('models are made on the one that was named', () => {
    const plugin = namePlugin();
    const { places } = fakeGpus(() => [h200, { ...h200, name: 'NVIDIA A100', arch: 'sm_80' }]);
    using rbm = new RBM({ visible: 3, hidden: 2, device: 'cuda', threads: 3 });
    using classifier = new Classifier({ inputs: 3, hidden: [relu(4)], classes: 2, device: 'cuda:1' });
    expect(places.filter(({ device }) => device === 'cuda')).toEqual([
      { device: 'cuda', plugin, ordinal: 0 },
      { device: 'cuda', plugin, ordinal: 1 },
    ]);
    expect([rbm.device, classifier.device]).toEqual(['cuda:0', 'cuda:1']);
    const { version } = hostBackend.addon;
    const first = { device: 'cuda:0', isa: 'sm_90', available: ['sm_90'], threads: 1, model: 'NVIDIA H200', version, fallback: null };
    expect(rbm.backendInfo()).toEqual(first);
    expect(classifier.backendInfo()).toMatchObject({ device: 'cuda:1', isa: 'sm_80', model: 'NVIDIA A100' });
    expect(listGpus().map(({ device, arch }) => [device, arch])).toEqual([
      ['cuda:0', 'sm_90'],
      ['cuda:1', 'sm_80'],
    ]);
  });

  it('work goes on as on the processor', async () => {
    namePlugin();
    fakeGpus(() => [h200]);
    using rbm = new RBM({ visible: 3, hidden: 2, seed: 1, device: 'cuda' });
    using same = new RBM({ visible: 3, hidden: 2, seed: 1, device: 'cpu' });
    const rows = [
      [1, 0, 1],
      [0, 1, 0],
    ];
    expect((await rbm.transform(rows)).data).toEqual((await same.transform(rows)).data);
  });

  it('the driver is asked once, and again after a failure', () => {
    const plugin = namePlugin();
    const answers = [() => [h200], () => [h200]];
    const { cudaDevices } = fakeGpus(() => {
      if (answers.length === 2) {
        answers.pop();
        throw deviceError('driver_missing');
      }
      return [h200];
    });
    expect(backendFailure(() => chooseBackend('call', 'cuda')).reason).toBe('driver_missing');
    for (let i = 0; i < 3; i++) expect(chooseBackend('call', 'cuda').gpu).toEqual(h200);
    expect(cudaDevices.mock.calls).toEqual([[plugin], [plugin]]);
  });

  it('a number that none has is refused with those there are', () => {
    namePlugin();
    fakeGpus(() => [h200]);
    const error = backendFailure(() => new RBM({ visible: 2, hidden: 1, device: 'cuda:5' }));
    expect(error.reason).toBe('no_device');
    expect(error.message).toBe("RBM: `device` 'cuda:5' cannot be used: the driver knows only 'cuda:0' (NVIDIA H200)");
    namePlugin();
    fakeGpus(() => []);
    expect(backendFailure(() => chooseBackend('call', 'cuda')).message).toBe(
      "call: `device` 'cuda:0' cannot be used: the driver knows no GPU",
    );
  });

  it.each(['driver_missing', 'driver_too_old', 'no_device', 'arch_unsupported', 'abi_mismatch', 'package_missing', 'device_failed'])(
    'reasons of the addon are told: %s',
    (reason) => {
      namePlugin();
      fakeGpus(() => {
        throw deviceError(reason, 'what the addon says');
      });
      const error = backendFailure(() => new RBM({ visible: 2, hidden: 1, device: 'cuda' }));
      expect([error.reason, error.message]).toEqual([reason, "RBM: `device` 'cuda:0' cannot be used: what the addon says"]);
      expect(error.cause).toMatchObject({ code: 'BACKEND', reason });
    },
  );

  it('so is what went wrong in making a model', () => {
    namePlugin();
    fakeGpus(
      () => [h200],
      () => {
        throw deviceError('out_of_memory');
      },
    );
    expect(backendFailure(() => new RBM({ visible: 2, hidden: 1, device: 'cuda' }))).toMatchObject({ reason: 'out_of_memory' });
  });

  it("'auto' takes the processor all the same, and says so; nothing is loaded for that", () => {
    namePlugin();
    const { cudaDevices } = fakeGpus(() => [h200]);
    vi.stubEnv('BOLTZKIT_DEVICE', undefined);
    using rbm = new RBM({ visible: 2, hidden: 1 });
    expect(rbm.device).toBe('cpu');
    expect(rbm.backendInfo().fallback).toContain("a CUDA plug-in is installed, and `device: 'cuda'` asks for it");
    expect(cudaDevices).not.toHaveBeenCalled();
    vi.stubEnv('BOLTZKIT_DEVICE', 'cuda');
    expect(backendInfo()).toMatchObject({ device: 'cuda:0', fallback: null });
  });
});

describe('the addon itself', () => {
  it('says of a file that is no plug-in that it cannot be loaded', () => {
    const path = namePlugin();
    const error = backendFailure(() => new RBM({ visible: 2, hidden: 1, device: 'cuda' }));
    expect(error.reason).toBe('package_missing');
    expect(error.message).toContain("`device` 'cuda:0' cannot be used: ");
    expect(error.message).toContain(path);
  });
});
