#include "algorithms/run_tensors.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/saved_state.hpp"

namespace boltzkit {
namespace {

constexpr const char* limitsName = "limits";

std::string offsetName(const Layer& layer) { return "offset/" + layer.name; }
std::string seenName(const Layer& layer) { return "seen/" + layer.name; }

// Those that states saved by earlier versions lack.
bool added(const std::string& name) { return name == limitsName || name.starts_with("seen/"); }

bool finite(const TrainerState::Saved& saved) {
  return std::all_of(saved.values.begin(), saved.values.end(), [](double x) { return std::isfinite(x); });
}

bool ofOptimiser(const std::string& name) { return name.starts_with("velocity/") || name.starts_with("second/"); }
bool ofOneRun(const std::string& name) { return name.starts_with("average/") || name == limitsName; }

}  // namespace

RunTensors::RunTensors(Machine& machine, const TrainerOptions& options, const Parts& parts)
    : machine_(machine), options_(options), parts_(parts), freshOffsets_(machine.wiring().layers().size(), true) {}

std::map<std::string, Tensor*> RunTensors::all() const {
  std::map<std::string, Tensor*> all = parts_.steps.tensors();
  all.merge(parts_.negative.tensors());
  if (!machine_.wiring().couplings().empty()) all[limitsName] = &parts_.explosion.limits();
  if (parts_.scales) all.merge(parts_.scales->tensors());
  const std::vector<Layer>& layers = machine_.wiring().layers();
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (options_.centred) all[offsetName(layers[l])] = parts_.offsets[l].get();
    if (options_.centred) all[seenName(layers[l])] = parts_.seen[l].get();
    if (parts_.activity[l]) all["activity/" + layers[l].name] = parts_.activity[l].get();
  }
  return all;
}

std::map<std::string, Tensor*> RunTensors::settled() const {
  parts_.negative.settle();
  return all();
}

void RunTensors::save(TrainerState& state, bool prepared) const {
  const std::map<std::string, Tensor*> chainTensors = parts_.negative.tensors();
  for (const auto& [name, tensor] : settled()) {
    if (!prepared && blank(name, chainTensors.contains(name))) continue;
    TrainerState::Saved saved = savedOf(machine_.backend(), *tensor);
    if (finite(saved)) state.tensors.emplace(name, std::move(saved));
  }
}

void RunTensors::restore(const TrainerState& state, bool resume) {
  const bool complete = resume && counter(state, "prepared") != 0;
  const bool keepsOptimiser = resume || sameOptimiser(state, options_);
  std::vector<std::string> names;
  for (const auto& [name, saved] : state.tensors) names.push_back(name);
  parts_.negative.makeRoomFor(names);
  const std::map<std::string, Tensor*> chainTensors = parts_.negative.tensors();
  std::size_t restoredChains = 0;
  for (const auto& [name, tensor] : all()) {
    const auto saved = state.tensors.find(name);
    if (saved == state.tensors.end() || !fits(saved->second, *tensor)) {
      if (complete && !added(name))
        throw parameterError("cannot resume: '" + name + "' is missing from the training state or has another shape");
      continue;
    }
    if (!resume && ofOneRun(name)) continue;
    if (!keepsOptimiser && ofOptimiser(name)) continue;
    machine_.backend().upload(std::span<const double>(saved->second.values), *tensor);
    markRestored(name);
    restoredChains += chainTensors.count(name);
  }
  countSeen(state);
  freshChains_ = restoredChains < chainTensors.size();
  if (!freshChains_) parts_.negative.restored();
}

bool RunTensors::blank(const std::string& name, bool ofChains) const {
  const std::vector<Layer>& layers = machine_.wiring().layers();
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (name == offsetName(layers[l]) || name == seenName(layers[l])) return freshOffsets_[l];
  return (ofChains && freshChains_) || (name.starts_with("variance/") && freshVariances_) ||
         (name.starts_with("activity/") && freshActivity_);
}

// States of earlier versions do not say how many rows their offsets stand for: as many as their
// last run had.
void RunTensors::countSeen(const TrainerState& state) {
  const auto rows = state.counters.find("rows");
  const std::vector<Layer>& layers = machine_.wiring().layers();
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (!freshOffsets_[l] && !state.tensors.contains(seenName(layers[l])) && rows != state.counters.end())
      machine_.backend().fill(static_cast<double>(rows->second), *parts_.seen[l]);
}

void RunTensors::markRestored(const std::string& name) {
  const std::vector<Layer>& layers = machine_.wiring().layers();
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (name == offsetName(layers[l])) freshOffsets_[l] = false;
  if (name.starts_with("variance/")) freshVariances_ = false;
  if (name.starts_with("activity/")) freshActivity_ = false;
}

}  // namespace boltzkit
