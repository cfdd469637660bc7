// Persistent contrastive divergence, PCD-k: chains that run k sweeps per update and are never reset
// (Younes, Probability Theory and Related Fields 82 (1989), 625; Tieleman, ICML 2008, section 2.2).
#include "learning/negative/model_chains.hpp"
#include "learning/negative/negative_phase.hpp"

namespace boltzkit {
namespace {

class PersistentChains final : public NegativePhase {
 public:
  PersistentChains(Machine& machine, const TrainerOptions& options)
      : chains_(machine, options.chains, options.steps), sweeps_(options.steps) {}

  void start(const LayerData& data) override { chains_.start(data); }

  void subtract(const Phase&, const Tensor*, Gradient& gradient) override {
    chains_.run(sweeps_, true);
    gradient.accumulate(chains_.phase(), nullptr, -1 / static_cast<double>(chains_.phase().states.rows()), false, Gradient::Lasts::step);
  }

  const States* particles() override { return &chains_.phase().states; }

  std::map<std::string, Tensor*> tensors() override { return chains_.tensors(); }

 private:
  ModelChains chains_;
  std::uint64_t sweeps_;
};

}  // namespace

std::unique_ptr<NegativePhase> makePersistentChains(Machine& machine, const TrainerOptions& options) {
  return std::make_unique<PersistentChains>(machine, options);
}

}  // namespace boltzkit
