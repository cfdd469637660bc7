/** What a look at the GPUs of this machine comes to. */
import { BackendError, type BackendReason } from '../errors.js';
import { listGpus } from '../machine/backend.js';
import { gpuSelfTest, type SelfTestResult } from './self-test.js';

/** A GPU, and what is free of its memory; both in bytes. */
export type GpuSummary = ReturnType<typeof listGpus>[number];

/** Why GPUs cannot be used. */
export interface GpuProblem {
  readonly reason: BackendReason;
  readonly message: string;
}

/** What was found out about GPUs. */
export interface GpuReport {
  /** The file of the plug-in, null where there is none. */
  readonly plugin: string | null;
  readonly gpus: readonly GpuSummary[];
  /** Known-answer tests that came to an end. */
  readonly checks: readonly SelfTestResult[];
  /** What kept a GPU from being used; null where nothing did. */
  readonly problem: GpuProblem | null;
}

/**
 * Asks for the GPUs and tests the first one. What the driver does may end the process, or never
 * end: so each part is told as soon as it is known.
 */
export async function reportGpus(tell: (part: Partial<GpuReport>) => void): Promise<void> {
  try {
    const gpus = listGpus();
    tell({ gpus });
    const [first] = gpus;
    tell(first === undefined ? { problem: noGpu } : { checks: await gpuSelfTest(first.device) });
  } catch (error) {
    const reason = error instanceof BackendError ? error.reason : 'device_failed';
    tell({ problem: { reason, message: error instanceof Error ? error.message : String(error) } });
  }
}

const noGpu: GpuProblem = { reason: 'no_device', message: 'the driver knows no GPU' };
