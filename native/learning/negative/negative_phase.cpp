#include "learning/negative/negative_phase.hpp"

namespace boltzkit {

namespace {

std::unique_ptr<NegativePhase> phaseOf(Machine& machine, const TrainerOptions& options, const LayerData& data) {
  using Algorithm = TrainerOptions::Algorithm;
  switch (options.algorithm) {
    case Algorithm::cd:
      return makeShortChains(machine, options);
    case Algorithm::pcd:
      return makePersistentChains(machine, options);
    case Algorithm::fpcd:
      return makeFastWeights(machine, options);
    case Algorithm::pt:
      return makeTemperedChains(machine, options);
    case Algorithm::ptt:
      return makeTrajectoryTempering(machine, options, data);
    case Algorithm::meanField:
      return makeMeanField(machine, options);
    case Algorithm::pseudoLikelihood:
      return makePseudoLikelihood(machine, options, data);
    case Algorithm::exact:
      return makeExactExpectation(machine);
  }
  throw Error(ErrorCode::internal, "unknown algorithm");
}

}  // namespace

std::unique_ptr<NegativePhase> makeNegativePhase(Machine& machine, const TrainerOptions& options, const LayerData& data) {
  if (!options.labels || options.labels->discriminative == 0) return phaseOf(machine, options, data);
  return makeConditionalLikelihood(machine, options, data, options.labels->generative == 0 ? nullptr : phaseOf(machine, options, data));
}

}  // namespace boltzkit
