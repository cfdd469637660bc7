// Deterministic contrastive divergence: k sweeps of mean-field updates that start from the data and
// the means of the layers without data,
//   m_i <- <s_i>_p(s_i | field of the newest means).
// Statistics are those of a distribution of independent units with these means (Welling & Hinton,
// "A new learning algorithm for mean field Boltzmann machines", ICANN 2002, section 3; Peterson &
// Anderson, Complex Systems 1 (1987), 995). No random words are used.
#include "learning/negative/negative_phase.hpp"

namespace boltzkit {
namespace {

class MeanField final : public NegativePhase {
 public:
  MeanField(Machine& machine, const TrainerOptions& options)
      : machine_(machine),
        sweeps_(options.steps),
        none_(machine.wiring().layers().size(), false),
        gibbs_(machine, none_, options.batchSize),
        phase_(machine, options.batchSize, none_, gibbs_),
        fields_(machine, options.batchSize) {
    for (std::size_t l = 0; l < none_.size(); ++l)
      if (!linear(machine, l)) phase_.fields[l] = &fields_[l];
  }

  void subtract(const Phase& positive, const Tensor* rowWeights, Gradient& gradient) override {
    phase_.setRows(positive.states.rows());
    fields_.setRows(positive.states.rows());
    for (std::size_t l = 0; l < none_.size(); ++l)
      machine_.backend().axpby(1, positive.means[l] ? *positive.means[l] : positive.states[l], 0, phase_.states[l]);
    Round round;
    round.draw = Draw::mean;
    gibbs_.sweep(phase_.states, round, sweeps_);
    for (std::size_t l = 0; l < none_.size(); ++l)
      if (phase_.fields[l]) unitFields(machine_, l, phase_.states, fields_[l]);
    gradient.accumulate(phase_, rowWeights, -1 / static_cast<double>(phase_.states.rows()), false);
  }

 private:
  Machine& machine_;
  std::uint64_t sweeps_;
  std::vector<bool> none_;
  BlockGibbs gibbs_;
  Phase phase_;
  States fields_;
};

}  // namespace

std::unique_ptr<NegativePhase> makeMeanField(Machine& machine, const TrainerOptions& options) {
  return std::make_unique<MeanField>(machine, options);
}

}  // namespace boltzkit
