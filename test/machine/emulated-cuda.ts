/** The plug-in for CUDA devices on an emulated one, which is built when a test first asks for it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('../../build/cmake', import.meta.url));

/** Emulated devices switch between stacks, which is written for Linux on x64 only. */
export const canEmulate = process.platform === 'linux' && process.arch === 'x64';

/** The file of the plug-in. */
export async function emulatedCuda(): Promise<string> {
  await promisify(execFile)('cmake', ['--build', folder, '--target', 'boltzkit_cuda_emulated']);
  const file = join(folder, 'boltzkit-cuda-emulated.so');
  if (!existsSync(file)) throw new Error(`cmake made no ${file}`);
  return file;
}
