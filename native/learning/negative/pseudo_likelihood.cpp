// Pseudo-likelihood: the gradient of log p(s) is replaced by that of
//   log PL(s) = sum_i log p(s_i | s_-i)      (Besag, The Statistician 24 (1975), 179, section 2)
// With m_i the mean of unit i given all other units, and t its statistics,
//   d log PL / d W_ab = 2 s_a s_b^T - m_a s_b^T - s_a m_b^T
//   d log PL / d theta_i = t(s_i) - <t>_(p(s_i | s_-i))
// The gradient is exact and needs no chains. The estimator is consistent for any couplings
// (Hyvarinen, Neural Computation 18 (2006), 2283).
#include "learning/negative/negative_phase.hpp"

namespace boltzkit {
namespace {

void requireAllLayers(const Machine& machine, const LayerData& data) {
  for (std::size_t l = 0; l < data.given().size(); ++l) {
    const Layer& layer = machine.wiring().layers()[l];
    if (!data.given()[l])
      throw parameterError("`algorithm` 'pseudo-likelihood' needs rows of all layers, those of '" + layer.name + "' are not given");
    if (keepsTotal(layer.type))
      throw parameterError("`algorithm` 'pseudo-likelihood' needs units with a conditional of their own, layer '" + layer.name +
                           "' of counts is one unit with a total that depends on the row");
  }
}

class PseudoLikelihood final : public NegativePhase {
 public:
  PseudoLikelihood(Machine& machine, std::size_t batchSize) : machine_(machine), means_(machine, batchSize), fields_(machine, batchSize) {}

  void subtract(const Phase& positive, const Tensor* rowWeights, Gradient& gradient) override {
    const States& states = positive.states;
    const double each = 1 / static_cast<double>(states.rows());
    takeMeans(states);
    gradient.addProducts(states, states, rowWeights, each);
    gradient.addProducts(means_, states, rowWeights, -each);
    gradient.addProducts(states, means_, rowWeights, -each);
    for (std::size_t l = 0; l < states.layers.size(); ++l)
      gradient.addUnits(l, means_[l], linear(machine_, l) ? nullptr : &fields_[l], rowWeights, -each);
  }

 private:
  void takeMeans(const States& states) {
    means_.setRows(states.rows());
    fields_.setRows(states.rows());
    for (std::size_t l = 0; l < states.layers.size(); ++l) {
      unitFields(machine_, l, states, fields_[l]);
      machine_.backend().updateUnits({machine_.unitsOf(l)}, fields_[l], &means_[l], nullptr);
    }
  }

  Machine& machine_;
  States means_, fields_;
};

}  // namespace

std::unique_ptr<NegativePhase> makePseudoLikelihood(Machine& machine, const TrainerOptions& options, const LayerData& data) {
  requireAllLayers(machine, data);
  return std::make_unique<PseudoLikelihood>(machine, options.batchSize);
}

}  // namespace boltzkit
