// Converts what every training run has: the options of its loop, states and reports.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "binding/arguments.hpp"
#include "learning/epoch_report.hpp"
#include "learning/run_options.hpp"
#include "learning/training_state.hpp"

namespace boltzkit::binding {

// Largest double below 1, the limit of decay rates of running means. At 1 they would never forget,
// and Adam's bias correction divides by 1 - beta.
inline constexpr double belowOne = 1 - 0x1p-53;

std::vector<double> doublesOf(const Argument& array);
// Throws unless all values are finite and at least `low`.
void requireFinite(const std::vector<double>& values, const std::string& name, double low);
// One weight per row; empty where null came.
std::vector<double> rowWeightsOf(const Argument& weights, std::size_t rows);

// Reads all of RunOptions but the kind of the optimiser.
void readRunOptions(const Argument& options, RunOptions& run);

struct GivenState {
  std::optional<TrainerState> state;
  bool resume;
};
// Throws ParameterError where a run is to be resumed without a state.
GivenState givenStateOf(const Argument& state, const Argument& resume);

TrainerState trainerStateOf(const Argument& state);
// Tensors become Float32Arrays if `precision` is float32 and all values are exact in single
// precision, else Float64Arrays.
Napi::Object trainerStateObject(Napi::Env env, const TrainerState& state, Precision precision);

Napi::Object epochReportObject(Napi::Env env, const EpochReport& report);

}  // namespace boltzkit::binding
