// Persistent chains with fast weights (Tieleman & Hinton, "Using fast weights to improve persistent
// contrastive divergence", ICML 2009, section 3). The chains follow theta + f. f learns from the
// same gradient at its own rate and decays,
//   f <- fastDecay * f + fastRate * (<t>_data - <t>_chains),
// so that the energy rises where the chains are and drives them away. Couplings have fast parts,
// and so have the biases of types without other parameters. The model itself is theta alone.
#include "learning/negative/model_chains.hpp"
#include "learning/negative/negative_phase.hpp"

namespace boltzkit {
namespace {

class FastWeights final : public NegativePhase {
 public:
  FastWeights(Machine& machine, const TrainerOptions& options)
      : machine_(machine), options_(options), chains_(machine, options.chains, options.steps), parameters_(machine.parameters()) {
    for (const NamedTensor& p : parameters_) {
      fast_.push_back(machine.backend().tensor(p.tensor->rows(), p.tensor->cols()));
      slow_.push_back(machine.backend().tensor(p.tensor->rows(), p.tensor->cols()));
    }
  }

  void start(const LayerData& data) override {
    chains_.start(data);
    for (TensorPtr& f : fast_) machine_.backend().fill(0, *f);
  }

  void subtract(const Phase&, const Tensor*, Gradient& gradient) override {
    {
      const Added added(*this);
      chains_.run(options_.steps, true);
      gradient.accumulate(chains_.phase(), nullptr, -1 / static_cast<double>(options_.chains), false);
    }
    gradient.symmetrise();
    const std::size_t layers = machine_.wiring().layers().size();
    for (std::size_t i = 0; i < fast_.size(); ++i) {
      if (i < layers && parameters_[i].tensor->rows() > 1) continue;
      const Tensor& g = i < layers ? gradient.units(i) : gradient.evaluate(i - layers);
      machine_.backend().axpby(options_.fastRate, g, options_.fastDecay, *fast_[i]);
    }
  }

  const States* particles() override { return &chains_.phase().states; }

  std::map<std::string, Tensor*> tensors() override {
    std::map<std::string, Tensor*> all = chains_.tensors();
    for (std::size_t i = 0; i < fast_.size(); ++i) all["fast/" + parameters_[i].name] = fast_[i].get();
    return all;
  }

 private:
  // Adds the fast parts to the machine's parameters during its lifetime. Afterwards the parameters
  // have exactly their previous values.
  struct Added {
    explicit Added(FastWeights& owner) : f(owner) {
      for (std::size_t i = 0; i < f.fast_.size(); ++i) {
        f.machine_.backend().axpby(1, *f.parameters_[i].tensor, 0, *f.slow_[i]);
        f.machine_.backend().axpby(1, *f.fast_[i], 1, *f.parameters_[i].tensor);
      }
    }
    ~Added() {
      for (std::size_t i = 0; i < f.fast_.size(); ++i) f.machine_.backend().axpby(1, *f.slow_[i], 0, *f.parameters_[i].tensor);
    }
    Added(const Added&) = delete;
    Added& operator=(const Added&) = delete;
    FastWeights& f;
  };

  Machine& machine_;
  const TrainerOptions& options_;
  ModelChains chains_;
  std::vector<NamedTensor> parameters_;
  std::vector<TensorPtr> fast_, slow_;
};

}  // namespace

std::unique_ptr<NegativePhase> makeFastWeights(Machine& machine, const TrainerOptions& options) {
  return std::make_unique<FastWeights>(machine, options);
}

}  // namespace boltzkit
