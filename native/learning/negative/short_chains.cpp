// Contrastive divergence, CD-k: chains of k sweeps that start from the rows of the batch. Each has
// the weight of its row (Hinton, "Training products of experts by minimizing contrastive
// divergence", Neural Computation 14 (2002), 1771, eq. 5).
#include "learning/negative/model_chains.hpp"
#include "learning/negative/negative_phase.hpp"

namespace boltzkit {
namespace {

class ShortChains final : public NegativePhase {
 public:
  ShortChains(Machine& machine, const TrainerOptions& options)
      : chains_(machine, options.batchSize, options.steps, options.given), sweeps_(options.steps) {}

  bool startsAtData() const override { return true; }

  void subtract(const Phase& positive, const Tensor* rowWeights, Gradient& gradient) override {
    chains_.startAt(positive.states);
    chains_.run(sweeps_, false);
    const Phase& phase = chains_.phase();
    gradient.accumulate(phase, rowWeights, -1 / static_cast<double>(phase.states.rows()), false, Gradient::Lasts::step);
  }

  const States* particles() override { return &chains_.phase().states; }

 private:
  ModelChains chains_;
  std::uint64_t sweeps_;
};

}  // namespace

std::unique_ptr<NegativePhase> makeShortChains(Machine& machine, const TrainerOptions& options) {
  return std::make_unique<ShortChains>(machine, options);
}

}  // namespace boltzkit
