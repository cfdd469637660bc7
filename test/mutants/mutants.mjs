/**
 * Wrong versions of the native code, each a mistake that a sampler or trainer could really have (statistics.md of the design lists where
 * they were found in other libraries). Every one must fail a test.
 *
 * `find` must occur exactly once in `file`; when the code there changes, the mutant has to be written anew, and the run says so.
 * `tests` are the files that are expected to notice, C++ tests among them; one failing test in them is enough. A name that starts with a
 * device is a mutant of that backend and has to be noticed by a test 'on' that device.
 */

const exact = 'test/models/rbm-exact.test.ts';
const drift = 'test/models/no-drift.test.ts';
const gradients = 'test/models/rbm-gradients.test.ts';
const updates = 'test/models/rbm-updates.test.ts';
const determinism = 'test/models/rbm-determinism.test.ts';
const wirings = 'test/machine/wirings.test.ts';
const chains = 'test/models/chains.test.ts';
const machines = 'test/models/boltzmann-machine.test.ts';
const missing = 'test/models/missing.test.ts';
const missingGaussian = 'test/models/missing-gaussian.test.ts';
const learning = 'test/models/learning-algorithms.test.ts';
const learningChains = 'test/models/learning-chains.test.ts';
const learningSteps = 'test/models/learning-steps.test.ts';
const evaluate = 'test/estimators/evaluate.test.ts';
const trajectory = 'test/models/trajectory-tempering.test.ts';
const divergence = 'test/models/divergence.test.ts';
const health = 'test/models/health.test.ts';
const networkGradients = 'native/test/network_gradient_test.cpp';
const networkTraining = 'native/test/network_training_test.cpp';
const quasiNewton = 'native/test/lbfgs_test.cpp';
const upDown = 'native/test/up_down_test.cpp';
const stacks = 'native/test/through_test.cpp';
const beliefBound = 'native/test/belief_bound_test.cpp';
const cudaDevice = 'native/test/cuda_test.cpp';
const cudaTiles = 'native/test/cuda_tiles_test.cpp';

/** @type {{ name: string, file: string, find: string, replace: string, tests: string[] }[]} */
export const mutants = [
  // --- fields and energies -------------------------------------------------------------------------------------------------
  {
    name: 'reference: square weights transposed',
    file: 'native/reference/reference_backend.cpp',
    find: '(term.transposed ? w.row(j)[i] : w.row(i)[j])',
    replace: '(term.transposed || w.rows() == w.cols() ? w.row(j)[i] : w.row(i)[j])',
    tests: [exact],
  },
  {
    name: 'cpu: square weights transposed',
    file: 'native/cpu/fields.cpp',
    find: '.bTransposed = term.transposed,',
    replace: '.bTransposed = term.transposed || states.cols() == out.cols(),',
    tests: [exact],
  },
  {
    name: 'cpu: fields from the weights of an earlier update',
    file: 'native/cpu/transposed_copy.cpp',
    find: 'if (copy.version != weights.version()) {',
    replace: 'if (copy.version == 0) {',
    tests: [gradients, determinism],
  },
  {
    name: 'softplus cut off at 10',
    file: 'native/units/bernoulli.hpp',
    find: 'return (x > 0 ? x : Real(0)) + std::log1p(std::exp(-std::fabs(x)));',
    replace: 'return x > 10 ? x : (x > 0 ? x : Real(0)) + std::log1p(std::exp(-std::fabs(x)));',
    tests: [exact],
  },
  {
    name: 'free energy without the biases of the given layer',
    file: 'native/machine/energy.cpp',
    find: 'backend.unitEnergies(units, states[l], {&out, 1, l > 0});',
    replace: 'backend.unitEnergies(units, states[l], {&out, 0, l > 0});',
    tests: [exact],
  },
  {
    name: 'stochastic pseudo-likelihood never draws the last unit',
    file: 'native/likelihood/unit_picks.cpp',
    find: '(first + (word * count >> 32))',
    replace: '(first + (word * (count - 1) >> 32))',
    tests: [exact],
  },
  {
    name: 'metrics of other units at every epoch',
    file: 'native/monitoring/monitor.cpp',
    find: 'const Stream stream = lastSteps(machine_, 0);',
    replace: 'const Stream stream = machine_.random().next(Purpose::monitor);',
    tests: ['test/machine/native-metrics.test.ts'],
  },
  {
    name: 'baseline of other units than the pseudo-likelihood',
    file: 'native/likelihood/independent_units.cpp',
    find: 'part.pick(stream, firstChain + r)',
    replace: 'part.pick(stream, firstChain + r + 1)',
    tests: ['test/machine/native-metrics.test.ts'],
  },
  {
    name: 'conditionals of softmax units without taking the unit out of its fields',
    file: 'native/likelihood/unit_conditionals.cpp',
    find: 'FieldTerm term{given.one.get(), n.weights, false, -1};',
    replace: 'FieldTerm term{given.one.get(), n.weights, false, 0};',
    tests: ['test/machine/native-surprise.test.ts'],
  },
  {
    name: 'conditionals of Gaussian units integrated as if no other unit could shift them',
    file: 'native/likelihood/unit_conditionals.cpp',
    find: '(centre + given.down[i]) / precision',
    replace: 'centre / precision',
    tests: ['test/machine/native-surprise.test.ts'],
  },
  {
    name: 'progress that starts again with every chunk of rows',
    file: 'native/sampling/row_chunks.cpp',
    find: 'const Progress part(static_cast<double>(first) / all, static_cast<double>(first + states.rows()) / all);',
    replace: 'const Progress part(0, static_cast<double>(states.rows()) / all);',
    tests: ['test/machine/native-progress.test.ts'],
  },

  // --- Gibbs sampling ------------------------------------------------------------------------------------------------------
  {
    name: 'beta left out',
    file: 'native/machine/gibbs.cpp',
    find: 'UnitUpdate update{units, round.beta, round.stream, round.firstChain, before, round.betas, round.draw};',
    replace: 'UnitUpdate update{units, 1, round.stream, round.firstChain, before, round.betas, round.draw};',
    tests: [drift],
  },
  {
    name: 'beta left out in the first layer',
    file: 'native/machine/gibbs.cpp',
    find: 'UnitUpdate update{units, round.beta, round.stream, round.firstChain, before, round.betas, round.draw};',
    replace: 'UnitUpdate update{units, layer == 0 ? 1 : round.beta, round.stream, round.firstChain, before, round.betas, round.draw};',
    tests: [drift],
  },
  {
    name: 'cpu: beta left out',
    file: 'native/cpu/unit_rows.hpp',
    find: '.beta = static_cast<float>(update.beta),',
    replace: '.beta = 1,',
    tests: [drift],
  },
  {
    name: 'a coupled layer missing from the field',
    file: 'native/machine/states.cpp',
    find: 'if (from.empty() || from[other]) terms',
    replace: 'if ((from.empty() || from[other]) && terms.empty()) terms',
    tests: [wirings],
  },
  {
    name: 'all layers of a sweep drawn from the same old states',
    file: 'native/machine/gibbs.cpp',
    find: 'for (std::size_t layer : block) update(layer, states, round, nullptr, &states[layer]);',
    replace:
      'for (std::size_t layer : block) {\n        static thread_local std::unique_ptr<States> old;\n        if (layer == 0 || !old) {\n          old = std::make_unique<States>(machine_, states.rows());\n          for (std::size_t l = 0; l < clamped_.size(); ++l) machine_.backend().axpby(1, states[l], 0, (*old)[l]);\n        }\n        update(layer, *old, round, nullptr, &states[layer]);\n      }',
    tests: [wirings],
  },
  {
    name: 'start states forgotten',
    file: 'native/sampling/chains.cpp',
    find: 'ready[l] = ready[l] || (start_ && start_->given()[l]);',
    replace: '',
    tests: [drift],
  },
  {
    name: 'clamps hold at the start only',
    file: 'native/machine/gibbs.cpp',
    find: 'if (sample) restoreKept(layer, *sample);',
    replace: '',
    tests: [drift],
  },

  // --- random words --------------------------------------------------------------------------------------------------------
  {
    name: 'a reused counter: every call draws the same words',
    file: 'native/core/random_steps.hpp',
    find: 'used += count;',
    replace: 'used += 0;',
    tests: [gradients],
  },
  {
    name: 'a reused counter: every sweep of the negative phase draws the same words',
    file: 'native/machine/gibbs.cpp',
    find: 's < sweeps; ++s, ++round.stream.step)',
    replace: 's < sweeps; ++s)',
    tests: [gradients],
  },
  {
    name: 'a reused counter: every sweep of sample() draws the same words',
    file: 'native/machine/gibbs.cpp',
    find: '++s, ++round.stream.step)',
    replace: '++s)',
    tests: [drift],
  },
  {
    name: 'a reused counter: sweeps that follow a look at the chains draw the words of the first one',
    file: 'native/sampling/chains.cpp',
    find: 'round(done - n + 1)',
    replace: 'round(1)',
    tests: [chains],
  },
  {
    name: 'a reused counter: both layers draw the same words',
    file: 'native/machine/gibbs.cpp',
    find: 'update.stream.layer = static_cast<std::uint8_t>(layer);\n  return update;',
    replace: 'update.stream.layer = 0;\n  return update;',
    tests: [drift],
  },
  {
    name: 'a reused counter: every chunk of chains draws the same words',
    file: 'native/sampling/chains.cpp',
    find: 'Round round{stream_, firstChain()};',
    replace: 'Round round{stream_, 0};',
    tests: [drift],
  },
  {
    name: 'reference: all chains draw the same words',
    file: 'native/reference/reference_backend.cpp',
    find: 'RowWords words(update.stream, static_cast<std::uint32_t>(update.firstChain + r));\n        updateRow<',
    replace: 'RowWords words(update.stream, static_cast<std::uint32_t>(update.firstChain));\n        updateRow<',
    tests: [gradients],
  },
  {
    name: 'cpu: all chains draw the same words',
    file: 'native/cpu/unit_rows.hpp',
    find: '.counter = {c.w[1], c.w[2], c.w[3]},',
    replace: '.counter = {0, c.w[2], c.w[3]},',
    tests: [gradients],
  },
  {
    name: 'reference: two units share a word',
    file: 'native/units/unit.hpp',
    find: 'return words_.w[i % 4];',
    replace: 'return words_.w[i % 4 & 2];',
    tests: [exact],
  },

  // --- gradients -----------------------------------------------------------------------------------------------------------
  {
    name: 'a stale hidden state paired with the new visible one in the negative phase',
    file: 'native/learning/negative/short_chains.cpp',
    find: 'gradient.accumulate(phase, rowWeights, -1 / static_cast<double>(phase.states.rows()), false, Gradient::Lasts::step);',
    replace:
      'std::vector<TensorPtr>& means = const_cast<Phase&>(phase).means;\n    std::vector<TensorPtr> kept(means.size());\n    kept.swap(means);\n    gradient.accumulate(phase, rowWeights, -1 / static_cast<double>(phase.states.rows()), false, Gradient::Lasts::step);\n    kept.swap(means);',
    tests: [gradients],
  },
  {
    name: 'sampled instead of mean hidden units in the negative phase (needless variance)',
    file: 'native/learning/negative/model_chains.cpp',
    find: 'sweepToMeans(gibbs_, phase_, {stream}, sweeps, persist);',
    replace:
      'sweepToMeans(gibbs_, phase_, {stream}, sweeps, true);\n  if (!persist)\n    for (std::size_t l = 0; l < phase_.means.size(); ++l)\n      if (phase_.means[l]) machine_.backend().axpby(1, phase_.states[l], 0, *phase_.means[l]);',
    tests: [gradients],
  },
  {
    name: 'negative phase divided by the positive count',
    file: 'native/learning/negative/persistent_chains.cpp',
    find: 'void subtract(const Phase&, const Tensor*, Gradient& gradient) override {\n    chains_.run(sweeps_, true);\n    gradient.accumulate(chains_.phase(), nullptr, -1 / static_cast<double>(chains_.phase().states.rows()), false, Gradient::Lasts::step);',
    replace:
      'void subtract(const Phase& positive, const Tensor*, Gradient& gradient) override {\n    chains_.run(sweeps_, true);\n    gradient.accumulate(chains_.phase(), nullptr, -1 / static_cast<double>(positive.states.rows()), false, Gradient::Lasts::step);',
    tests: [gradients],
  },
  {
    name: 'the last, shorter batch divided by the full batch size',
    file: 'native/learning/contrastive_update.cpp',
    find: 'addPositive(1 / static_cast<double>(batch.count));',
    replace: 'addPositive(1 / static_cast<double>(options_.batchSize));',
    tests: [gradients],
  },
  {
    name: 'the last, shorter batch dropped',
    file: 'native/learning/trainer.cpp',
    find: 'stepsPerEpoch((update->rows() + o.batchSize - 1) / o.batchSize)',
    replace: 'stepsPerEpoch(update->rows() / o.batchSize)',
    tests: [gradients],
  },
  {
    name: 'persistent chains reset before every update',
    file: 'native/learning/negative/model_chains.cpp',
    find: 'const Stream stream = machine_.random().next(Purpose::negative, sweeps);',
    replace: `const Stream stream = machine_.random().next(Purpose::negative, sweeps);
  if (persist)
    for (TensorPtr& layer : phase_.states.layers) machine_.backend().fill(0, *layer);`,
    tests: [gradients],
  },
  {
    name: 'CD-k of one sweep whatever k',
    file: 'native/learning/negative/short_chains.cpp',
    find: 'chains_.run(sweeps_, false);',
    replace: 'chains_.run(1, false);',
    tests: [gradients],
  },
  {
    name: 'contrastive divergence from the means of the hidden units',
    file: 'native/learning/phases.cpp',
    find: 'sweepToMeans(completion_.gibbs(), phase_, round, sweeps_, sample);',
    replace:
      'sweepToMeans(completion_.gibbs(), phase_, round, sweeps_, false); if (sample) for (std::size_t l = 0; l < phase_.means.size(); ++l) if (phase_.means[l]) machine_.backend().axpby(1, *phase_.means[l], 0, phase_.states[l]);',
    tests: [gradients],
  },
  {
    name: 'sample weights dropped in the positive phase',
    file: 'native/learning/contrastive_update.cpp',
    find: 'return add(positive_.phase(), batchWeights_.get(), Gradient::Lasts::step);',
    replace: 'return add(positive_.phase(), nullptr, Gradient::Lasts::step);',
    tests: [gradients],
  },
  {
    name: 'sample weights dropped in the negative phase',
    file: 'native/learning/negative/short_chains.cpp',
    find: 'gradient.accumulate(phase, rowWeights,',
    replace: 'gradient.accumulate(phase, nullptr,',
    tests: [gradients],
  },
  {
    name: 'rounded weights that the step did not change',
    file: 'native/cpu/rounded_weights.cpp',
    find: 'pack(packing, from, current_.at(packing, Orientation::upright), current_.at(packing, Orientation::transposed));',
    replace:
      'if (firstRow > 0) pack(packing, from, current_.at(packing, Orientation::upright), current_.at(packing, Orientation::transposed));',
    tests: ['test/models/rbm-devices.test.ts'],
  },
  {
    name: 'cpu: row weights ignored by products of states',
    file: 'native/cpu/fields.cpp',
    find: '.weights = term.rowWeights ? cpuTensor(*term.rowWeights).row(0) : nullptr,',
    replace: '.weights = nullptr,',
    tests: [gradients],
  },
  {
    name: 'centring without compensation in the biases',
    file: 'native/learning/contrastive_update.cpp',
    find: 'if (options_.centred) gradient_.compensate(machine_, centres_);',
    replace: '',
    tests: [gradients],
  },
  {
    name: 'an uncentred mode that still moves the biases by the offsets',
    file: 'native/learning/contrastive_update.cpp',
    find: 'if (options_.centred) gradient_.compensate(machine_, centres_);',
    replace: 'gradient_.compensate(machine_, centres_);',
    tests: [gradients],
  },
  {
    name: 'centring with the offsets of the wrong layer',
    file: 'native/learning/gradient.cpp',
    find: 'couplingTerm(c, {means_[coupling.a].get(), offsets[coupling.b], nullptr, -1}, false, Lasts::step);',
    replace: 'couplingTerm(c, {offsets[coupling.a], offsets[coupling.b], nullptr, -1}, false, Lasts::step);',
    tests: [gradients],
  },

  // --- steps ---------------------------------------------------------------------------------------------------------------
  {
    name: 'decay of the biases',
    file: 'native/learning/contrastive_update.cpp',
    find: 'ParameterSlot slot{&machine_.unitParameters(l), &gradient_.units(l), nullptr, nullptr};',
    replace: 'ParameterSlot slot{&machine_.unitParameters(l), &gradient_.units(l), nullptr, nullptr, options_.l1, options_.l2};',
    tests: [updates],
  },
  {
    name: "Adam's bias correction stuck at the first update",
    file: 'native/learning/parameter_steps.cpp',
    find: 'optimiser.t = updates_ + 1;',
    replace: 'optimiser.t = 1;',
    tests: [updates],
  },
  {
    name: 'the average of the last updates misses its first one',
    file: 'native/learning/parameter_average.cpp',
    find: 'if (step <= from_) return;',
    replace: 'if (step <= from_ + 1) return;',
    tests: [updates],
  },
  {
    name: 'visible biases start from the data in every run',
    file: 'native/learning/contrastive_update.cpp',
    find: 'if (options_.initialiseFromData && !options_.frozen(l)) fromData',
    replace: 'if (!options_.frozen(l)) fromData',
    tests: [gradients],
  },

  {
    name: 'every part of a stream with means of its own',
    file: 'native/learning/contrastive_update.cpp',
    find: 'if (!options_.stream || fresh_.offsets[l]) backend_',
    replace: 'backend_',
    tests: ['test/models/streams.test.ts'],
  },
  {
    name: 'metrics without the weights of rows',
    file: 'native/monitoring/monitor.cpp',
    find: 'watchedRows(training.rows(), rowWeights, settings.rows)',
    replace: 'watchedRows(training.rows(), {}, settings.rows)',
    tests: ['test/models/rbm-reports.test.ts'],
  },
  {
    name: 'units keep what an overflow of centring left',
    file: 'native/learning/unit_guard.cpp',
    find: 'backend.axpbyWhen(Backend::When::refused, outcome, 1, *units_[l].before, 0, machine_.unitParameters(l));',
    replace: '{}',
    tests: ['test/models/divergence.test.ts'],
  },

  // --- missing values ------------------------------------------------------------------------------------------------------
  {
    name: 'missing values: those that are there are drawn anew',
    file: 'native/sampling/completion.cpp',
    find: 'gibbs_.keep(l, observed_[l].present.get(), observed_[l].values.get());',
    replace: '',
    tests: [missing],
  },
  {
    name: 'missing values: taken for zeros',
    file: 'native/sampling/row_chunks.cpp',
    find: 'complete_[l.layer] = !l.rows->hasMissing();',
    replace: 'complete_[l.layer] = true;',
    tests: [missing],
  },
  {
    name: 'missing values: means of fields in place of values that are there',
    file: 'native/learning/phases.cpp',
    find: 'flags[l] = flags[l] && !data.given()[l];',
    replace: '',
    tests: [missingGaussian],
  },
  {
    name: 'missing values: means over all rows',
    file: 'native/learning/start_values.cpp',
    find: 'from[k] = means[k * places + j] / present[j];',
    replace: 'from[k] = means[k * places + j];',
    tests: [missing],
  },
  {
    name: 'missing values: the same random words in every sweep',
    file: 'native/sampling/imputation.cpp',
    find: 's < warmup_ + steps_; ++s, ++round.stream.step)',
    replace: 's < warmup_ + steps_; ++s)',
    tests: [missing],
  },

  // --- lateral couplings, chains and temperatures -----------------------------------------------------------------------------
  {
    name: 'spins with the slope of binary units',
    file: 'native/units/spin.hpp',
    find: 'std::exp(-2 * beta * (field + u[0]))',
    replace: 'std::exp(-beta * (field + u[0]))',
    tests: [machines],
  },
  {
    name: 'clamped units drawn in lateral sweeps',
    file: 'native/units/rows.hpp',
    find: 'if (keep && keep[j] != 0) continue;',
    replace: '',
    tests: [chains],
  },
  {
    name: 'lateral pairs counted twice in the energy',
    file: 'native/machine/energy.cpp',
    find: 'c.lateral() ? 0.5 : 1',
    replace: '1',
    tests: [machines],
  },
  {
    name: 'categories of an edge the wrong way round',
    file: 'native/core/graph.hpp',
    find: 'return n.first ? ',
    replace: 'return !n.first ? ',
    tests: [machines],
  },
  {
    name: 'swaps accepted the wrong way round',
    file: 'native/sampling/tempering.cpp',
    find: '(energies[at[k + 1]] - energies[at[k]])',
    replace: '(energies[at[k]] - energies[at[k + 1]])',
    tests: [chains],
  },
  {
    name: 'swaps always accepted',
    file: 'native/sampling/tempering.cpp',
    find: '< std::exp(gain))) continue;',
    replace: '< 2)) continue;',
    tests: [chains],
  },
  {
    name: "chains at the first chain's temperature",
    file: 'native/sampling/chains.cpp',
    find: 'round.betas = std::span(options_.betas).subspan(first_, states_.rows());',
    replace: 'round.beta = options_.betas[0];',
    tests: [chains],
  },
  {
    name: 'moments of all rungs',
    file: 'native/sampling/chains.cpp',
    find: '+ 1 == tempering_->rungs() ? 1.0f : 0.0f',
    replace: '+ 1 == tempering_->rungs() ? 1.0f : 1.0f',
    tests: [chains],
  },
  {
    name: 'the same random words in every lateral sweep',
    file: 'native/reference/reference_backend.cpp',
    find: 'stream.step += n;',
    replace: '',
    tests: [machines, chains],
  },

  // --- learning algorithms ------------------------------------------------------------------------------------------------------
  {
    name: 'pseudo-likelihood that counts every pair once',
    file: 'native/learning/negative/pseudo_likelihood.cpp',
    find: 'gradient.addProducts(states, means_, rowWeights, -each);',
    replace: 'gradient.addProducts(states, states, rowWeights, -each);',
    tests: [learning],
  },
  {
    name: 'exact learning with the states unweighted',
    file: 'native/learning/enumerated_phase.cpp',
    find: 'for (double& e : energies) sum += e = std::exp(lowest - e);',
    replace: 'for (double& e : energies) sum += e = 1 + 0 * lowest;',
    tests: [learning],
  },
  {
    name: 'statistics from replicas at all temperatures',
    file: 'native/learning/negative/tempered_chains.cpp',
    find: 'rung + 1 == ladder_.betas.size() ? 1.0f : 0.0f',
    replace: 'rung + 1 == ladder_.betas.size() ? 0.25f : 0.25f',
    tests: [learningChains],
  },
  {
    name: 'fast weights that stay in the model',
    file: 'native/learning/negative/fast_weights.cpp',
    find: 'f.machine_.backend().axpby(1, *f.slow_[i], 0, *f.parameters_[i].tensor);',
    replace: ';',
    tests: [learningChains],
  },
  {
    name: 'frozen biases moved by centring',
    file: 'native/learning/gradient.cpp',
    find: 'if (held_[layer]) return;',
    replace: '',
    tests: [learningSteps],
  },

  // --- resuming ------------------------------------------------------------------------------------------------------------
  {
    name: 'a resumed epoch in another order',
    file: 'native/learning/trainer.cpp',
    find: 'shuffleStep = counter(s, "shuffleStep");',
    replace: '',
    tests: [determinism],
  },
  {
    name: 'resuming with fresh chains',
    file: 'native/learning/negative/persistent_chains.cpp',
    find: 'return chains_.tensors();',
    replace: 'return {};',
    tests: [determinism],
  },
  {
    name: 'resuming without the velocity',
    file: 'native/learning/parameter_steps.cpp',
    find: 'all.push_back({"velocity/" + parameters_[i].name, velocity_[i].get(), SavedTensor::Scope::optimiser});',
    replace: '',
    tests: [determinism],
  },
  {
    name: 'resuming without the hidden offsets',
    file: 'native/learning/contrastive_update.cpp',
    find: 'all.push_back({"offset/" + layer, offsets_[l].get(), Scope::model, &fresh_.offsets[l]});',
    replace: '',
    tests: [determinism],
  },
  {
    name: 'resuming with an average of what is left',
    file: 'native/learning/parameter_average.cpp',
    find: 'if (average_[i]) all.push_back({"average/" + parameters_[i].name, average_[i].get(), SavedTensor::Scope::run});',
    replace: '',
    tests: [determinism],
  },
  {
    name: 'zeros taken for persistent chains after a stop before the first update',
    file: 'native/learning/saved_state.cpp',
    find: 'if (!prepared && t.fresh && *t.fresh) continue;',
    replace: '',
    tests: [determinism],
  },
  {
    name: "one optimiser's memory handed to another",
    file: 'native/learning/saved_state.cpp',
    find: '(t.scope == Scope::optimiser && !sameOptimiser)',
    replace: 'false',
    tests: [updates],
  },
  // --- log Z ---------------------------------------------------------------------------------------------------------------
  {
    name: 'annealing: steps at the temperature before',
    file: 'native/likelihood/annealed.cpp',
    find: 'path_.step(to_, states, round, false)',
    replace: 'path_.step(from_, states, round, false)',
    tests: [evaluate],
  },
  {
    name: 'annealing: steps at the machine itself',
    file: 'native/likelihood/annealed.cpp',
    find: 'path_.step(to_, states, round, false)',
    replace: '(path_.move(from_, 1), path_.step(from_, states, round, false))',
    tests: [evaluate],
  },
  {
    name: 'annealing: base without the layers summed out',
    file: 'native/likelihood/annealing_path.cpp',
    find: 'logBase_ += cumulant;',
    replace: 'if (roles_[l] == Role::kept) logBase_ += cumulant;',
    tests: [evaluate],
  },
  {
    name: 'annealing: first weight without the layers summed out',
    file: 'native/likelihood/annealing_path.cpp',
    find: 'if (roles_[l] == Role::summed) baseCumulants_ += cumulant;',
    replace: '',
    tests: [evaluate],
  },
  {
    name: 'annealing: parameters combined at another temperature',
    file: 'native/likelihood/annealing_path.cpp',
    find: 'Unit::combine(p, q, (1 - beta) / beta, sum);',
    replace: 'Unit::combine(p, q, 1 - beta, sum);',
    tests: [evaluate],
  },
  {
    name: 'annealing: works in reverse with the wrong sign',
    file: 'native/likelihood/bracket.cpp',
    find: 'complete(result, up, negated(back));',
    replace: 'complete(result, up, back);',
    tests: [evaluate],
  },
  {
    name: 'annealing: only the base of the marginals',
    file: 'native/likelihood/route.cpp',
    find: '{1.0, 0.5, 0.0}',
    replace: '{1.0}',
    tests: ['test/estimators/hard.test.ts'],
  },
  {
    name: 'annealing: reverse from warmed-up chains',
    file: 'native/likelihood/bracket.cpp',
    find: 'takeSamples(tops);',
    replace: '',
    tests: ['test/estimators/hard.test.ts'],
  },
  {
    name: 'annealing: random numbers of training',
    file: 'native/likelihood/model_samples.cpp',
    find: 'machine_.random().next(Purpose::evaluation, steps)',
    replace: 'machine_.random().next(Purpose::negative, steps)',
    tests: [evaluate],
  },
  {
    name: 'ladder: swaps accepted the wrong way round',
    file: 'native/likelihood/tempered_ladder.cpp',
    find: 'std::exp(rungs_[k].up[g] + rungs_[k + 1].down[g])',
    replace: 'std::exp(-rungs_[k].up[g] - rungs_[k + 1].down[g])',
    tests: [evaluate],
  },
  {
    name: 'counting: the carry of a row lost',
    file: 'native/machine/enumeration.cpp',
    find: 'carry = ++state[unit] == each;',
    replace: 'carry = ++state[unit] == each && unit != 2;',
    tests: [evaluate],
  },

  // --- trajectory tempering, divergence, health ------------------------------------------------------------------------------
  {
    name: 'swaps with earlier machines accepted the wrong way round',
    file: 'native/learning/negative/reservoirs.cpp',
    find: 'draw < std::exp(u.lower[c] - u.upper[c])',
    replace: 'draw < std::exp(u.upper[c] - u.lower[c])',
    tests: [trajectory],
  },
  {
    name: 'all swaps with earlier machines accepted',
    file: 'native/learning/negative/reservoirs.cpp',
    find: 'draw < std::exp(u.lower[c] - u.upper[c])',
    replace: 'draw < 2',
    tests: [trajectory],
  },
  {
    name: 'links of log Z subtracted',
    file: 'native/learning/negative/reservoirs.cpp',
    find: 'z.value += link.value;',
    replace: 'z.value -= link.value;',
    tests: [trajectory],
  },
  {
    name: 'hidden units of another machine after a swap',
    file: 'native/learning/negative/reservoirs.cpp',
    find: 'if (kept_[layer] == kept) gibbs_.update',
    replace: 'if (kept && kept_[layer]) gibbs_.update',
    tests: [trajectory],
  },
  {
    name: 'resuming without the links of the ladder',
    file: 'native/learning/negative/reservoirs.cpp',
    find: 'backend_.download(*rungs_[k]->linkValues, std::span<float>(rungs_[k]->link.values()));',
    replace: '',
    tests: [trajectory],
  },
  {
    name: 'resuming without the ladder',
    file: 'native/learning/negative/trajectory_tempering.cpp',
    find: 'all.merge(reservoirs_.tensors());',
    replace: 'reservoirs_.tensors();',
    tests: [determinism],
  },
  {
    name: 'exploding weights go unnoticed',
    file: 'native/learning/explosion_guard.cpp',
    find: 'if (!(load[c] <= limits[c]))',
    replace: 'if (load[c] < 0)',
    tests: [divergence],
  },
  {
    name: 'back to the last state, good or not',
    file: 'native/learning/good_states.cpp',
    find: 'std::swap(good_, newest_);',
    replace: 'copy(tensors, good_);\n  good_.step = step;\n  good_.updates = updates;',
    tests: [divergence],
  },
  {
    name: 'resuming without the good states',
    file: 'native/learning/trainer.cpp',
    find: 'if (goodStates && update->prepared()) goodStates->load(s);',
    replace: 'if (goodStates && update->prepared()) goodStates->begin(step, update->updates(), everything());',
    tests: [determinism],
  },
  {
    name: 'watching uses up random words of training',
    file: 'native/monitoring/health.cpp',
    find: 'machine_.random().next(Purpose::monitor, watchedSweeps)',
    replace: 'machine_.random().next(Purpose::negative, watchedSweeps)',
    tests: [health],
  },
  {
    name: 'chains from noise started like those from data',
    file: 'native/monitoring/health.cpp',
    find: 'drawWithoutField(machine_.backend(), machine_.unitsOf(l), l, round.stream, chain, states[l]);',
    replace: '',
    tests: [health],
  },
  // --- networks and belief networks -----------------------------------------------------------------------------------------
  {
    name: 'networks: the slope of hidden units is left out',
    file: 'native/network/dense_layer.cpp',
    find: 'if (!atFields) backend_.throughMeans(',
    replace: 'if (atFields) backend_.throughMeans(',
    tests: [networkGradients],
  },
  {
    name: 'networks: every parameter of a unit is a bias',
    file: 'native/network/dense_layer.cpp',
    find: 'ones.push_back(isBias(units.type, k) ? 1 : 0);',
    replace: 'ones.push_back(1);',
    tests: [networkGradients],
  },
  {
    name: 'networks: squared errors are halved in the gradient alone',
    file: 'native/network/loss.cpp',
    find: 'kind_ == LossKind::likelihood ? 1 : 2;',
    replace: '1;',
    tests: [networkGradients],
  },
  {
    name: 'networks: a loss without the normalisation of its units',
    file: 'native/network/loss.cpp',
    find: 'backend_.cumulants(units, fields, 1, nullptr, {&out});',
    replace: 'backend_.cumulants(units, fields, 0, nullptr, {&out});',
    tests: [networkGradients],
  },
  {
    name: 'networks: other places are dropped on the way back',
    file: 'native/network/dropout_layer.cpp',
    find: 'if (inputGradient) backend_.drop(draws_, rate_, *gradient_, *inputGradient);',
    replace: '++draws_.step;\n    if (inputGradient) backend_.drop(draws_, rate_, *gradient_, *inputGradient);',
    tests: [networkGradients, networkTraining],
  },
  {
    name: 'networks: every dropout layer drops the same places',
    file: 'native/network/network_pass.cpp',
    find: 'own.layer = static_cast<std::uint8_t>(from_ + l);',
    replace: 'own.layer = 0;',
    tests: [networkTraining],
  },
  {
    name: 'networks: what is not dropped keeps its size',
    file: 'native/cpu/networks.cpp',
    find: 'static_cast<float>(1 / (1 - rate));',
    replace: '1.0f;',
    tests: ['native/test/network_backend_test.cpp'],
  },
  {
    name: 'networks: norms are limited after the first step alone',
    file: 'native/learning/network_update.cpp',
    find: '    if (ledger_.due(step)) requireAccepted();\n    limitNorms();',
    replace: '    if (ledger_.due(step)) requireAccepted();\n    if (step == 0) limitNorms();',
    tests: [networkTraining],
  },
  {
    name: 'networks: biases decay too',
    file: 'native/learning/network_update.cpp',
    find: 'if (parameters[i].role == LayerParameter::Role::weights) slot.l1',
    replace: 'slot.l1',
    tests: [networkTraining],
  },
  {
    name: 'networks: a layer below a frozen one does not learn',
    file: 'native/network/network_pass.cpp',
    find: 'const bool below = i > 0 && used_[i - 1] >= lowest;',
    replace: 'const bool below = i > 1 && used_[i - 1] >= lowest;',
    tests: [networkGradients],
  },
  {
    name: 'networks: decay is in the value of the loss alone',
    file: 'native/learning/lbfgs_update.cpp',
    find: 'backend_.axpby(run_.options().l2, weights, 1, to);',
    replace: 'backend_.axpby(0, weights, 1, to);',
    tests: [quasiNewton],
  },
  {
    name: 'up-down: recognition learns from the way up',
    file: 'native/learning/up_down_passes.cpp',
    find: 'up_[l].learn(dream(l), dream(l + 1), contrastive',
    replace: 'up_[l].learn(wake(l), wake(l + 1), contrastive',
    tests: [upDown],
  },
  {
    name: 'up-down: dreams begin at the data',
    file: 'native/learning/up_down_passes.cpp',
    find: 'chains_.run(options_.steps, !contrastive);',
    replace: 'if (!contrastive) chains_.run(options_.steps, true);',
    tests: [upDown],
  },
  {
    name: 'up-down: the way up hands on means',
    file: 'native/learning/up_down_passes.cpp',
    find: 'up_[l].conditional().draw(wake(l), words, wake(l + 1));',
    replace: 'up_[l].conditional().means(wake(l), wake(l + 1));',
    tests: [upDown],
  },
  {
    name: 'up-down: centred without compensating the biases',
    file: 'native/learning/up_down_update.cpp',
    find: '    passes_.compensate();',
    replace: '',
    tests: [upDown],
  },
  {
    name: 'up-down: a half about the offsets of the level above',
    file: 'native/learning/up_down_passes.cpp',
    find: 'down_[l].learn(wake(l + 1), wake(l), rowWeights, each, offsetsOf(l));',
    replace: 'down_[l].learn(wake(l + 1), wake(l), rowWeights, each, offsetsOf(0));',
    tests: [upDown],
  },
  {
    name: 'stacks: every level draws by the same words',
    file: 'native/sampling/machine_stack.cpp',
    find: 'static_cast<std::uint8_t>(firstLayer + level);',
    replace: 'firstLayer;',
    tests: [stacks],
  },
  {
    name: 'bound: the entropy of a draw of a layer that has a closed form',
    file: 'native/likelihood/belief_bound.cpp',
    find: 'up_[l].entropies(*layers_[l], drawn, {sums_.get(), 1, l > 0});',
    replace: 'up_[l].entropies(*layers_[l], drawn, {sums_.get(), -1, l > 0});',
    tests: [beliefBound],
  },
  {
    name: 'bound: one draw for all samples',
    file: 'native/likelihood/belief_bound.cpp',
    find: 'words.stream.step += s;',
    replace: 'words.stream.step += 0 * s;',
    tests: ['test/belief/up-down.test.ts'],
  },
  // --- layers that are given -----------------------------------------------------------------------------------------------
  {
    name: 'chains redraw the layers that are given',
    file: 'native/learning/negative/model_chains.cpp',
    find: 'for (const std::size_t l : layers) flags[l] = true;',
    replace: '(void)layers;',
    tests: ['test/models/given-layers.test.ts'],
  },
  {
    name: 'the pseudo-likelihood counts the layers that are given',
    file: 'native/monitoring/monitor.cpp',
    find: 'for (const std::size_t l : settings_.conditions) judged[l] = false;',
    replace: '',
    tests: ['test/models/given-layers.test.ts'],
  },
  // --- CUDA, on the emulated device ----------------------------------------------------------------------------------------
  {
    name: 'graphs keep the arguments that they were built with',
    file: 'native/cuda/plugin/graphs.cuh',
    find: 'require(cudaGraphExecKernelNodeSetParams(exec_, nodes_[i], &parameters), "a graph could not be changed");',
    replace: '(void)parameters;',
    tests: [cudaDevice],
  },
  {
    name: 'kernels of a graph need not wait for each other',
    file: 'native/cuda/plugin/graphs.cuh',
    find: 'nodes_.empty() ? 0 : 1',
    replace: '0',
    tests: [cudaDevice],
  },
  {
    name: 'a copy overtakes the kernels that were gathered before it',
    file: 'native/cuda/device.cpp',
    find: 'startGathered();\n  if (bytes > 0) call(table_.copyOut',
    replace: 'if (bytes > 0) call(table_.copyOut',
    tests: [cudaDevice],
  },
  {
    name: 'memory is released under kernels that were gathered',
    file: 'native/cuda/device.cpp',
    find: 'try {\n    startGathered();\n  } catch (...) {  // whoever asks next is told',
    replace: 'try {\n  } catch (...) {  // whoever asks next is told',
    tests: [cudaDevice],
  },
  {
    name: 'warps of a narrow tile overwrite the sums of those before',
    file: 'native/cuda/plugin/kernels/tensor_products.cuh',
    find: 'w == 0 ? total : static_cast<double>(added[at]) + total',
    replace: 'total',
    tests: [cudaTiles],
  },
  {
    name: 'products of the small parts of a weight are left out',
    file: 'native/cuda/plugin/kernels/tensor_products.cuh',
    find: 'p + q < most && q < rightParts',
    replace: 'p + q < 1 && q < rightParts',
    tests: [cudaTiles],
  },
];
