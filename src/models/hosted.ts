import { inspect } from 'node:util';
import type { UsedDevice } from '../machine/backend.js';
import type { BackendInfo, ModelHost } from '../machine/host.js';
import type { NativeModel } from '../machine/native-model.js';

/**
 * What every model has that computes in native code, whatever it is: a host, a place to run, and an
 * end.
 */
export abstract class HostedModel<H extends ModelHost<NativeModel>> implements Disposable {
  protected readonly machine: H;
  /** The class's public name. */
  protected readonly modelName: string;

  protected constructor(name: string, machine: H) {
    this.modelName = name;
    this.machine = machine;
  }

  /** The public name of a call, for messages. */
  protected call(name: string): string {
    return `${this.modelName}.${name}`;
  }

  /** The device in use. */
  get device(): UsedDevice {
    return this.machine.backend.device;
  }

  /** Whether calls are under way. */
  get busy(): boolean {
    return this.machine.busy;
  }

  /** Whether the model was disposed of. */
  get disposed(): boolean {
    return this.machine.disposed;
  }

  /** What this model runs on. */
  backendInfo(): BackendInfo {
    return this.machine.backend;
  }

  /**
   * Cancels what is under way, waits for its last update or sweep and frees all memory. Idempotent;
   * every other call then throws `DisposedError`.
   */
  dispose(): void {
    this.machine.dispose();
  }

  /** The same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What the model is, without its parameters. */
  abstract toJSON(): { readonly model: string };

  /** What `console.log` shows. */
  [inspect.custom](_depth: number, options: object): string {
    const { model, ...rest } = this.toJSON();
    return `${model} ${inspect(this.disposed ? { ...rest, disposed: true } : rest, options)}`;
  }
}
