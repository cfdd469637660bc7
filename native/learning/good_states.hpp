// States that a run falls back to when it diverges: copies of all its tensors at the end of an
// epoch. A state is good once training has continued from it for a whole interval without trouble.
// So two states are kept: the newest, and the previous one, which is the good one.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "learning/saved_tensor.hpp"
#include "learning/training_state.hpp"

namespace boltzkit {

// The interval between two kept states: the smallest number of whole epochs with at least this
// many updates, so that the cost of copying is negligible.
inline constexpr std::uint64_t updatesPerGoodState = 100;

class GoodStates {
 public:
  struct State {
    std::map<std::string, TensorPtr> tensors;
    std::uint64_t step = 0, updates = 0;
  };

  explicit GoodStates(Backend& backend) : backend_(backend) {}

  // Starts a run, or continues after a roll-back, with this state as the only one.
  void begin(std::uint64_t step, std::uint64_t updates, const NamedTensors& tensors);
  void keep(std::uint64_t step, std::uint64_t updates, const NamedTensors& tensors);
  const State& good() const { return good_; }
  // Copies the good values into tensors of the same names. Throws ParameterError and changes
  // nothing, unless the state has exactly these tensors with these shapes.
  void putBack(const NamedTensors& tensors) const;

  // Tensors are named "good/<name>" and "newest/<name>"; counters have the same prefixes.
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
