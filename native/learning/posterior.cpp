#include "learning/posterior.hpp"

namespace boltzkit {

std::unique_ptr<EnumeratedPhase> exactPosterior(const Machine& machine, const TrainerOptions& options, const LayerData& data) {
  if (options.algorithm != TrainerOptions::Algorithm::exact) return nullptr;
  Enumeration enumeration(machine, data.given());
  if (enumeration.states() == 1 || enumeration.states() > mostHiddenStates) return nullptr;
  return std::make_unique<EnumeratedPhase>(machine, std::move(enumeration), data.given());
}

}  // namespace boltzkit
