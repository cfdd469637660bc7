// The negative phase: the source of the model's statistics that the gradient subtracts. It is what
// distinguishes the learning algorithms.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "learning/gradient.hpp"
#include "learning/training_options.hpp"
#include "likelihood/interval.hpp"

namespace boltzkit {

class NegativePhase {
 public:
  virtual ~NegativePhase() = default;

  // True if it starts from samples of the layers without data, so that the positive phase must draw
  // them.
  virtual bool startsAtData() const { return false; }
  // Initialises its persistent states.
  virtual void start(const LayerData&) {}
  // Subtracts the model's statistics from a gradient that holds those of the batch. `rowWeights`
  // are those of the batch, [1, rows], or null.
  virtual void subtract(const Phase& positive, const Tensor* rowWeights, Gradient& gradient) = 0;
  // States drawn from the model for monitoring, or null.
  virtual const States* particles() { return nullptr; }
  // Tensors that a run needs to continue, by name. If a state lacks any of them, they all start
  // afresh. The call changes nothing, and the tensors stay the same until the phase does something.
  virtual std::map<std::string, Tensor*> tensors() { return {}; }
  // Writes state that is kept elsewhere into tensors(), before they are read.
  virtual void settle() {}
  // If the number of tensors changes during a run: creates those that a state with these names has.
  // Their values are loaded into tensors() next.
  virtual void makeRoomFor(const std::vector<std::string>&) {}
  // Call after tensors() have been loaded from another state.
  virtual void restored() {}
  // log Z of the machine, if the algorithm estimates it.
  virtual std::optional<Interval> logPartition() { return std::nullopt; }
};

// The negative phase of options.algorithm. Throws ParameterError if the algorithm cannot train this
// machine on rows of these layers.
std::unique_ptr<NegativePhase> makeNegativePhase(Machine& machine, const TrainerOptions& options, const LayerData& data);

// The phase of options.labels, which must be set. `generative` is that of options.algorithm; null if
// the labels' weight of it is 0.
std::unique_ptr<NegativePhase> makeConditionalLikelihood(Machine& machine, const TrainerOptions& options, const LayerData& data,
                                                         std::unique_ptr<NegativePhase> generative);

std::unique_ptr<NegativePhase> makeShortChains(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makePersistentChains(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makeFastWeights(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makeTemperedChains(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makeTrajectoryTempering(Machine& machine, const TrainerOptions& options, const LayerData& data);
std::unique_ptr<NegativePhase> makeMeanField(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makePseudoLikelihood(Machine& machine, const TrainerOptions& options, const LayerData& data);
std::unique_ptr<NegativePhase> makeExactExpectation(Machine& machine);

}  // namespace boltzkit
