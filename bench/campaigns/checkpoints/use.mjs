/** What a program does with a file: everything that may reach native code. */
import { load } from './seeds.mjs';
import { takeApart } from './tensor-file.mjs';

const documented = ['ERR_SHAPE', 'ERR_PARAMETER', 'ERR_BACKEND', 'ERR_FORMAT', 'ERR_DIVERGENCE', 'ERR_BUSY', 'ERR_DISPOSED'];

/** What is wrong with an error, or null: only some codes may come out of a file. */
function verdict(boltzkit, error, where, codes = documented) {
  if (error instanceof boltzkit.BoltzkitError && codes.includes(error.code)) return null;
  const cause = error?.cause === undefined ? '' : ` (${error.cause})`;
  return `${where}: ${error?.code ?? error?.name ?? typeof error}: ${String(error?.message ?? error).replace(/^.*?: /, '')}${cause}`.slice(
    0,
    300,
  );
}

/**
 * Loads a file and uses what comes out: goes on with its run, draws, saves, loads what was saved.
 *
 * @param boltzkit - The package.
 * @param seed - What the file was before it was damaged.
 * @param path - The damaged file.
 * @param bytes - Its content.
 * @param scratch - A path for saving.
 * @returns `fault`: what should not have happened, or null; `loaded`: whether the file was taken.
 */
export async function use(boltzkit, seed, path, bytes, scratch) {
  const { kind } = seed.owner ?? seed;
  let model;
  try {
    model = await load(boltzkit, kind, seed.owner?.path ?? path, seed.name.includes('reference') ? 'reference' : 'cpu');
  } catch (error) {
    return { loaded: false, fault: verdict(boltzkit, error, 'load', ['ERR_FORMAT']) };
  }
  try {
    if (seed.kind === 'chains') return await useChains(boltzkit, model, path, scratch);
    return { loaded: true, fault: await useModel(boltzkit, { kind, model, seed, bytes, scratch }) };
  } finally {
    model.dispose();
  }
}

async function useChains(boltzkit, model, path, scratch) {
  let chains;
  try {
    chains = await model.loadChains(path);
  } catch (error) {
    return { loaded: false, fault: verdict(boltzkit, error, 'loadChains', ['ERR_FORMAT']) };
  }
  const layers = model.layers === undefined ? ['visible', 'hidden'] : Object.keys(model.layers);
  const steps = {
    states: () => layers.map((layer) => chains.states(layer)),
    swaps: () => chains.swaps,
    advance: () => chains.advance(3, { observe: { pairs: [[layers[0], layers[0]]] } }),
    mean: () => layers.map((layer) => chains.mean(layer)),
    energies: () => chains.energies(),
    save: () => chains.save(scratch),
  };
  const fault = await firstFault(boltzkit, steps);
  return { loaded: true, fault: fault ?? (await readable(boltzkit, 'loadChains', () => model.loadChains(scratch))) };
}

async function useModel(boltzkit, { kind, model, seed, bytes, scratch }) {
  const rows = kind === 'rbm' ? seed.data : undefined;
  const resume = model.training !== null && !model.training.complete;
  const steps = {
    fit: () => (isShort(bytes) ? model.fit(seed.data, resume ? { resume } : { ...seed.options, epochs: 1 }) : undefined),
    sample: () => model.sample(2, { sweeps: 2 }),
    freeEnergy: () => model.freeEnergy(rows ?? { [Object.keys(model.layers)[0]]: Object.values(seed.data)[0] }),
    save: () => model.save(scratch),
  };
  const fault = await firstFault(boltzkit, steps);
  if (fault !== null) return fault;
  return readable(boltzkit, 'load', async () => (await load(boltzkit, kind, scratch)).dispose());
}

/** Runs steps one after the other; any may be refused for a documented reason. */
async function firstFault(boltzkit, steps) {
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step();
    } catch (error) {
      const fault = verdict(boltzkit, error, name);
      if (fault !== null) return fault;
    }
  }
  return null;
}

/** What was saved must be good. */
async function readable(boltzkit, call, read) {
  try {
    await read();
    return null;
  } catch (error) {
    return verdict(boltzkit, error, `${call} of what was saved`, []);
  }
}

/** Whether the run that a file describes ends soon: one of 2^40 sweeps an update is what somebody may well ask for. */
function isShort(bytes) {
  try {
    const { settings } = JSON.parse(takeApart(bytes).metadata.training ?? '{"settings":{}}');
    const { steps = 1, positiveSteps = 1, chains = 1, epochs = 1 } = settings;
    return steps * epochs <= 1000 && positiveSteps * epochs <= 1000 && chains <= 10_000;
  } catch {
    return false;
  }
}
