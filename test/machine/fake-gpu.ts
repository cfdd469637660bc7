/** GPUs that are not there, for tests of what stands above the addon. */
import { vi } from 'vitest';
import { Backend, hostBackend } from '../../src/machine/backend.js';
import type { NativeAddon, NativeGpu, NativeMachineSpec, NativePlace } from '../../src/machine/native.js';
import type { NativeNetworkSpec } from '../../src/machine/native-network.js';

export const h200: NativeGpu = { name: 'NVIDIA H200', arch: 'sm_90', memory: 150e9, free: 149e9 };

/** The error of the addon for a device that fails. */
export function deviceError(reason: string, message = 'cudaMalloc failed'): Error {
  return Object.assign(new Error(message), { code: 'BACKEND', reason });
}

/**
 * Has the addon find GPUs. What is made on them is made on the processor, and where it was to be
 * made is written down in `places`. Ends with `vi.restoreAllMocks`.
 *
 * @param ask - What the driver answers.
 * @param made - Called whenever something is to be made on a GPU.
 */
export function fakeGpus(ask: (plugin: string) => NativeGpu[], made: () => void = () => undefined) {
  const { addon } = hostBackend;
  const places: NativePlace[] = [];
  const onProcessor = <S extends NativePlace>({ device, plugin, ordinal, ...rest }: S) => {
    if (device === 'cuda') made();
    places.push({ device, ...(plugin === undefined ? {} : { plugin }), ...(ordinal === undefined ? {} : { ordinal }) });
    return { ...rest, device: device === 'cuda' ? 'cpu' : device } as S;
  };
  const cudaDevices = vi.fn(ask);
  const fake = Object.create(addon, {
    cudaDevices: { value: cudaDevices },
    Machine: {
      value: function Machine(spec: NativeMachineSpec) {
        return new addon.Machine(onProcessor(spec));
      },
    },
    Network: {
      value: function Network(spec: NativeNetworkSpec) {
        return new addon.Network(onProcessor(spec));
      },
    },
  }) as NativeAddon;
  vi.spyOn(Backend.prototype, 'addon', 'get').mockReturnValue(fake);
  return { places, cudaDevices };
}
