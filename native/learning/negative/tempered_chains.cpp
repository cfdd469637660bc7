// Persistent chains with parallel tempering (Desjardins, Courville, Bengio, Vincent & Delalleau,
// AISTATS 2010; Cho, Raiko & Ilin, IJCNN 2010). Every chain is a group of replicas, one per inverse
// temperature of a ladder that ends at 1. They exchange temperatures before every sweep. Statistics
// use the replicas at inverse temperature 1.
#include <cmath>
#include <optional>
#include <utility>

#include "learning/negative/model_chains.hpp"
#include "learning/negative/negative_phase.hpp"
#include "sampling/tempering.hpp"

namespace boltzkit {
namespace {

void requireBounded(const Machine& machine) {
  for (const Layer& layer : machine.wiring().layers())
    if (visitUnit(layer.type, [&](auto unit) { return decltype(unit)::domain(layer.size).high == unbounded; }))
      throw parameterError("`temperatures` must begin above 0: units of layer '" + layer.name + "' have no distribution there");
}

class TemperedChains final : public NegativePhase {
 public:
  TemperedChains(Machine& machine, const TrainerOptions& options)
      : machine_(machine),
        ladder_{options.temperatures},
        sweeps_(options.steps),
        chains_(machine, options.chains * ladder_.betas.size(), options.steps),
        rungs_(machine.backend().tensor(1, chains_.phase().states.rows())),
        top_(machine.backend().tensor(1, rungs_->cols())),
        cold_(machine, options.chains) {
    standOn(LadderState::start(ladder_, rungs_->cols()));  // throws if the ladder does not rise
    if (ladder_.betas.back() != 1) throw parameterError("`temperatures` must end at 1, got " + decimal(ladder_.betas.back()));
    if (ladder_.betas.front() == 0) requireBounded(machine);
  }

  void start(const LayerData& data) override {
    // A swap moves a chain's total from rung to rung, so all replicas of a group must have the same
    // one.
    chains_.start(data, ladder_.betas.size());
    standOn(LadderState::start(ladder_, rungs_->cols()));
  }

  void subtract(const Phase&, const Tensor*, Gradient& gradient) override {
    Round round{machine_.random().next(Purpose::negative, sweeps_)};
    for (std::uint64_t s = 0; s < sweeps_; ++s, ++round.stream.step) {
      Stream swaps = round.stream;
      swaps.layer = 1;  // swaps of ChainOptions::tempered use 0
      tempering_->afterSweep(chains_.phase().states, 0, round.stream.step, swaps);
      round.betas = tempering_->betas(0, rungs_->cols());
      chains_.sweep(round);
    }
    std::vector<float> top;
    for (std::uint32_t rung : tempering_->state().rung) top.push_back(rung + 1 == ladder_.betas.size() ? 1.0f : 0.0f);
    machine_.backend().upload(std::span<const float>(top), *top_);
    gradient.accumulate(chains_.phase(), top_.get(), -1 / static_cast<double>(cold_.rows()), false);
  }

  void settle() override {
    const std::vector<std::uint32_t>& rung = tempering_->state().rung;
    const std::vector<double> rungs(rung.begin(), rung.end());
    machine_.backend().upload(std::span<const double>(rungs), *rungs_);
  }

  // Throws ParameterError unless every group has one replica on each rung.
  void restored() override {
    const std::vector<double> rungs = valuesOf(machine_.backend(), *rungs_);
    LadderState state{{}, std::vector<std::uint8_t>(rungs.size(), 0)};
    for (double rung : rungs) state.rung.push_back(rung >= 0 && rung < 1e6 ? static_cast<std::uint32_t>(rung) : 0);
    standOn(std::move(state));
  }

  const States* particles() override {
    const std::vector<std::uint32_t>& rung = tempering_->state().rung;
    for (std::size_t l = 0; l < cold_.layers.size(); ++l) {
      const std::size_t n = machine_.places(l);
      std::vector<float> all(rung.size() * n), cold;
      machine_.backend().download(chains_.phase().states[l], std::span<float>(all));
      for (std::size_t r = 0; r < rung.size(); ++r)
        if (rung[r] + 1 == ladder_.betas.size())
          cold.insert(cold.end(), all.begin() + static_cast<std::ptrdiff_t>(r * n), all.begin() + static_cast<std::ptrdiff_t>((r + 1) * n));
      machine_.backend().upload(std::span<const float>(cold), cold_[l]);
    }
    return &cold_;
  }

  std::map<std::string, Tensor*> tensors() override {
    std::map<std::string, Tensor*> all = chains_.tensors();
    all["rungs"] = rungs_.get();
    return all;
  }

 private:
  void standOn(LadderState state) { tempering_.emplace(machine_, ladder_, std::move(state)); }

  Machine& machine_;
  Ladder ladder_;
  std::uint64_t sweeps_;
  ModelChains chains_;
  std::optional<Tempering> tempering_;
  TensorPtr rungs_, top_;  // [1, replicas]; rungs_ as they are saved
  States cold_;
};

}  // namespace

std::unique_ptr<NegativePhase> makeTemperedChains(Machine& machine, const TrainerOptions& options) {
  return std::make_unique<TemperedChains>(machine, options);
}

}  // namespace boltzkit
