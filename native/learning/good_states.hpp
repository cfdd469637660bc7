// States of a run to fall back to when it diverges: copies of all its tensors at ends of epochs. A state counts as good once
// training has gone on from it for a whole interval without trouble, so two are kept: the newest, and the one before it, which is the good one.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "learning/saved_tensor.hpp"
#include "learning/training_state.hpp"

namespace boltzkit {

// An interval is as many whole epochs as make this many updates, for which copying all tensors does not show.
inline constexpr std::uint64_t updatesPerGoodState = 100;

class GoodStates {
 public:
  struct State {
    std::map<std::string, TensorPtr> tensors;
    std::uint64_t step = 0, updates = 0;
  };

  explicit GoodStates(Backend& backend) : backend_(backend) {}

  // A run begins, or goes on after a roll-back, with this state as the only one.
  void begin(std::uint64_t step, std::uint64_t updates, const NamedTensors& tensors);
  void keep(std::uint64_t step, std::uint64_t updates, const NamedTensors& tensors);
  const State& good() const { return good_; }
  // Puts the good values into tensors of the same names. Throws ParameterError, before anything
  // changes, unless the state has exactly these tensors with these shapes.
  void putBack(const NamedTensors& tensors) const;

  // "good/<name>" and "newest/<name>", counters alike.
  void save(TrainerState& state) const;
  void load(const TrainerState& state);

 private:
  void requireAlike(const NamedTensors& all) const;
  void copy(const NamedTensors& from, State& to) const;
  void save(TrainerState& state, const State& kept, const std::string& prefix) const;
  void load(const TrainerState& state, State& kept, const std::string& prefix) const;

  Backend& backend_;
  State good_, newest_;
};

}  // namespace boltzkit
