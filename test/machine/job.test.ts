/** Promises of native jobs, their cancellation, and the errors they turn into. */
import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { BackendError, BoltzkitError, BusyError, DisposedError, DivergenceError, ParameterError, ShapeError } from '../../src/errors.js';
import { prefixError, runJob, translateError, translating } from '../../src/machine/job.js';
import type { NativeErrorCode, NativeJob } from '../../src/machine/native.js';
import type { CallProgress } from '../../src/machine/patience.js';
import { chainOptions, endlessRun, newMachine, newRows, newTrainer } from './native-support.js';

function nativeError(code: string, message = 'what was expected'): Error {
  return Object.assign(new Error(message), { code });
}

/** A job that its test settles. */
function openJob<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const calls = { cancel: 0, progress: 0 };
  const job: NativeJob<T> = {
    promise,
    progress: () => calls.progress,
    cancel: () => {
      calls.cancel += 1;
    },
  };
  return { job, calls, resolve, reject };
}

describe('translateError', () => {
  const classes: [NativeErrorCode, typeof BoltzkitError | typeof BackendError | typeof ShapeError, string][] = [
    ['SHAPE', ShapeError, 'ERR_SHAPE'],
    ['PARAMETER', ParameterError, 'ERR_PARAMETER'],
    ['BACKEND', BackendError, 'ERR_BACKEND'],
    ['DIVERGENCE', DivergenceError, 'ERR_DIVERGENCE'],
    ['ABORTED', DisposedError, 'ERR_DISPOSED'],
    ['BUSY', BusyError, 'ERR_BUSY'],
    ['DISPOSED', DisposedError, 'ERR_DISPOSED'],
    ['INTERNAL', BoltzkitError, 'ERR_INTERNAL'],
  ];

  it.each(classes)('makes %s an error of this package', (native, Class, code) => {
    const cause = nativeError(native);
    const error = translateError('RBM.fit', cause) as BoltzkitError;
    expect(error).toBeInstanceOf(Class);
    expect([error.code, error.message, error.cause]).toEqual([code, 'RBM.fit: what was expected', cause]);
  });

  it.each([
    ['out_of_memory', 'out_of_memory'],
    ['driver_missing', 'driver_missing'],
    ['no such reason', 'device_failed'],
    [undefined, 'device_failed'],
  ])('says why a backend failed: %s', (given, reason) => {
    const error = Object.assign(nativeError('BACKEND'), { reason: given });
    expect(translateError('RBM.fit', error)).toMatchObject({ code: 'ERR_BACKEND', reason });
  });

  it('leaves everything else as it is', () => {
    const others = [new Error('plain'), nativeError('ENOENT'), nativeError('toString'), new ShapeError('ours'), 'text', undefined, null, 1];
    for (const other of others) expect(translateError('RBM.fit', other)).toBe(other);
    expect(prefixError('RBM.fit: `data` ', nativeError('SHAPE', 'is odd'))).toHaveProperty('message', 'RBM.fit: `data` is odd');
  });

  it('serves calls that throw', () => {
    expect(translating('RBM.fit', () => 5)).toBe(5);
    const call = () => translating('new RBM', () => newMachine({ threads: -1 }));
    expect(call).toThrow(ParameterError);
    expect(call).toThrow('new RBM: `spec.threads` must be an integer from 0 to 1024, got -1');
  });
});

describe('runJob', () => {
  it('gives the result and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const { job, resolve } = openJob<number>();
    const running = runJob(job, { call: 'RBM.fit', signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    resolve(3);
    expect(await running).toBe(3);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('rejects with a translated error and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const { job, reject } = openJob<number>();
    const running = runJob(job, { call: 'RBM.fit', signal });
    reject(nativeError('DIVERGENCE'));
    await expect(running).rejects.toBeInstanceOf(DivergenceError);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('cancels once on abort and rejects with the reason when the job has ended', async () => {
    const controller = new AbortController();
    const { job, calls, reject } = openJob<number>();
    let ended = false;
    const running = runJob(job, { call: 'RBM.fit', signal: controller.signal }).finally(() => {
      ended = true;
    });
    const reason = { any: 'value' };
    controller.abort(reason);
    controller.abort('again');
    await new Promise((resolve) => setImmediate(resolve));
    expect([calls.cancel, ended]).toEqual([1, false]);
    reject(nativeError('ABORTED'));
    await expect(running).rejects.toBe(reason);
  });

  it('rejects with the reason also when the job came to its end all the same', async () => {
    const controller = new AbortController();
    const { job, resolve } = openJob<number>();
    const running = runJob(job, { call: 'RBM.fit', signal: controller.signal });
    controller.abort('enough');
    resolve(1);
    await expect(running).rejects.toBe('enough');
  });

  it('cancels a running job, and starts none, when the signal is aborted already', async () => {
    const signal = AbortSignal.abort('before');
    const { job, calls, reject } = openJob<number>();
    const running = runJob(job, { call: 'RBM.fit', signal });
    expect(calls.cancel).toBe(1);
    reject(nativeError('ABORTED'));
    await expect(running).rejects.toBe('before');
    let started = false;
    const start = () => {
      started = true;
      return job;
    };
    await expect(runJob(start, { call: 'RBM.fit', signal })).rejects.toBe('before');
    expect(started).toBe(false);
  });

  it('starts a job at once and translates what starting throws', async () => {
    const machine = newMachine();
    const running = runJob(() => endlessRun(machine), { call: 'RBM.fit' });
    expect(machine.busy).toBe(true);
    const second = runJob(() => machine.freeEnergy([{ layer: 0, rows: newRows(1) }]), { call: 'RBM.freeEnergy' });
    await expect(second).rejects.toThrow(new BusyError('RBM.freeEnergy: the machine is in the middle of another job'));
    machine.dispose();
    await expect(running).rejects.toBeInstanceOf(DisposedError);
  });

  it('stops training at an update and leaves a machine that goes on', async () => {
    const machine = newMachine();
    const trainer = newTrainer(machine, { epochs: 1e9 });
    const controller = new AbortController();
    const running = runJob(() => trainer.run(trainer.totalSteps, () => controller.abort()), {
      call: 'RBM.fit',
      signal: controller.signal,
    });
    await expect(running).rejects.toHaveProperty('name', 'AbortError');
    const { step } = trainer;
    expect(step).toBeGreaterThan(0);
    expect(await trainer.run(step + 10, () => {}).promise).toEqual({ step: step + 10 });
  });
});

describe('progress of a job', () => {
  /** A job whose test moves the clock. */
  async function watched(work: (at: (fraction: number) => void, job: ReturnType<typeof openJob<number>>) => Promise<void>) {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      const job = openJob<number>();
      await work((fraction) => {
        job.calls.progress = fraction;
        vi.advanceTimersByTime(100);
      }, job);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  }

  it('is told when it has changed, with the time that is left, and at the end', async () => {
    await watched(async (at, { job, resolve }) => {
      const told: CallProgress[] = [];
      const running = runJob(job, { call: 'RBM.sample', onProgress: (progress) => told.push(progress) });
      for (const fraction of [0, 0, 0.25, 0.25, 0.5, 0.4, 1]) at(fraction);
      expect(told.map((progress) => progress.fraction)).toEqual([0.25, 0.5]);
      expect(told[0]!.secondsLeft).toBeCloseTo(0.9, 9);
      expect(told[1]!.secondsLeft).toBeCloseTo(0.5, 9);
      resolve(3);
      expect(await running).toBe(3);
      expect(told.at(-1)).toEqual({ fraction: 1, secondsLeft: 0 });
      expect(told).toHaveLength(3);
    });
  });

  it('is told at once of work that was done before the call returned', async () => {
    const told: CallProgress[] = [];
    const machine = newMachine();
    const start = () => machine.freeEnergy([{ layer: 0, rows: newRows(2) }]);
    await runJob(start, { call: 'RBM.freeEnergy', onProgress: (progress) => told.push(progress) });
    expect(told).toEqual([{ fraction: 1, secondsLeft: 0 }]);
  });

  it('ends with a job that fails, without a last word', async () => {
    await watched(async (at, { job, reject }) => {
      const told: number[] = [];
      const running = runJob(job, { call: 'RBM.sample', onProgress: ({ fraction }) => told.push(fraction) });
      at(0.5);
      reject(nativeError('DIVERGENCE'));
      await expect(running).rejects.toBeInstanceOf(DivergenceError);
      expect(told).toEqual([0.5]);
    });
  });

  it.each(['is cancelled by it', 'comes to its end all the same'])(
    'an exception of the callback is the reason; the job %s',
    async (how) => {
      await watched(async (at, { job, calls, resolve, reject }) => {
        const mine = new Error('mine');
        let told = 0;
        const running = runJob(job, {
          call: 'RBM.sample',
          onProgress: () => {
            told += 1;
            throw mine;
          },
        });
        at(0.5);
        at(0.75);
        expect([told, calls.cancel]).toEqual([1, 1]);
        if (how === 'is cancelled by it') reject(nativeError('ABORTED'));
        else resolve(1);
        await expect(running).rejects.toBe(mine);
        expect(told).toBe(1);
      });
    },
  );

  it('an exception of the last call rejects too', async () => {
    const { job, resolve } = openJob<number>();
    const mine = new Error('mine');
    const running = runJob(job, {
      call: 'RBM.sample',
      onProgress: () => {
        throw mine;
      },
    });
    resolve(1);
    await expect(running).rejects.toBe(mine);
  });

  it('is not told after an abort, whose reason counts', async () => {
    await watched(async (at, { job, reject }) => {
      const controller = new AbortController();
      const told: number[] = [];
      const running = runJob(job, { call: 'RBM.sample', signal: controller.signal, onProgress: ({ fraction }) => told.push(fraction) });
      at(0.5);
      controller.abort('enough');
      at(0.75);
      reject(nativeError('ABORTED'));
      await expect(running).rejects.toBe('enough');
      expect(told).toEqual([0.5]);
    });
  });

  it('an exception cancels a real job, and the machine goes on', async () => {
    const machine = newMachine();
    const mine = new Error('mine');
    const running = runJob(() => machine.chains(chainOptions({ steps: 1e12 })), {
      call: 'RBM.sample',
      onProgress: () => {
        throw mine;
      },
    });
    await expect(running).rejects.toBe(mine);
    expect(machine.busy).toBe(false);
    expect(machine.freeEnergy([{ layer: 0, rows: newRows(2) }])).toHaveLength(2);
  });
});
