// What tells one learning algorithm from another: where the model's statistics come from that the gradient subtracts.
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

  // Whether it begins with draws of the layers without data, so that the positive phase must make some.
  virtual bool startsAtData() const { return false; }
  // How its persistent states begin.
  virtual void start(const LayerData&) {}
  // Subtracts the model's statistics from a gradient that holds those of the batch. rowWeights [1, rows] or null are the batch's.
  virtual void subtract(const Phase& positive, const Tensor* rowWeights, Gradient& gradient) = 0;
  // States drawn from the model, if there are any: what is watched while training goes on.
  virtual const States* particles() { return nullptr; }
  // What must be kept for a run to go on, by name; without all of it they start afresh. Asking
  // changes nothing: the tensors are the same until the phase does something.
  virtual std::map<std::string, Tensor*> tensors() { return {}; }
  // Writes what is kept elsewhere into tensors(), for somebody who reads them.
  virtual void settle() {}
  // Where their number changes during a run: makes room for those that a state of these names has. Their values are put into tensors() next.
  virtual void makeRoomFor(const std::vector<std::string>&) {}
  // All tensors hold the values of another state now.
  virtual void restored() {}
  // log Z of the machine, if it is kept track of.
  virtual std::optional<Interval> logPartition() { return std::nullopt; }
};

// The negative phase of options.algorithm. Throws ParameterError when it cannot train this machine on rows of these layers.
std::unique_ptr<NegativePhase> makeNegativePhase(Machine& machine, const TrainerOptions& options, const LayerData& data);

std::unique_ptr<NegativePhase> makeShortChains(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makePersistentChains(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makeFastWeights(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makeTemperedChains(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makeTrajectoryTempering(Machine& machine, const TrainerOptions& options, const LayerData& data);
std::unique_ptr<NegativePhase> makeMeanField(Machine& machine, const TrainerOptions& options);
std::unique_ptr<NegativePhase> makePseudoLikelihood(Machine& machine, const TrainerOptions& options, const LayerData& data);
std::unique_ptr<NegativePhase> makeExactExpectation(Machine& machine);

}  // namespace boltzkit
