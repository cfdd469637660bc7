// Parallel trajectory tempering (Bereux, Decelle, Furtlehner, Rosset & Seoane, "Fast, accurate
// training and sampling of restricted Boltzmann machines", 2024, section on trajectory tempering):
// persistent chains that swap states with chains of earlier checkpoints of the same run.
// Checkpoints k and k + 1 accept with probability
//   min(1, exp(log p_k*(x') + log p_(k+1)*(x) - log p_k*(x) - log p_(k+1)*(x'))),
// where x is the state at k and x' the state at k + 1. This leaves every distribution invariant. A
// chain that has moved down to where the model still mixed returns in a different state. When swaps
// of the current model with the latest checkpoint become too rare, the current model becomes a
// checkpoint.
//
// Deviations from the paper:
// * The lowest rung has no couplings, so its chains are drawn exactly and its log Z is known.
// * Of three updates, one swaps with the latest checkpoint and one further down, instead of passes
//   over the whole ladder.
// * A jump of the parameters is bridged by rungs in between.
// * log Z is linked by Bennett's ratio (ladder_link.hpp).
#include <algorithm>
#include <cmath>

#include "learning/negative/model_chains.hpp"
#include "learning/negative/negative_phase.hpp"
#include "learning/negative/reservoirs.hpp"
#include "likelihood/interval.hpp"

namespace boltzkit {
namespace {

// An acceptance of one swap below this means that the parameters have jumped.
constexpr double collapsed = 0.05;
// Acceptance between the rungs of a bridge. Their chains are the least equilibrated.
constexpr double bridged = 0.5;

class TrajectoryTempering final : public NegativePhase {
 public:
  TrajectoryTempering(Machine& machine, const TrainerOptions& options, const LayerData& data)
      : machine_(machine),
        options_(options),
        chains_(machine, options.chains, 1),
        reservoirs_(machine, keptLayers(machine, data), options.chains, options.reservoirs),
        turn_(machine.backend().tensor(1, 2)) {}

  void start(const LayerData& data) override {
    chains_.start(data);
    reservoirs_.begin(states(), data, bridgeAcceptance());
    next_ = turns_ = 0;
    completeCurrent();
  }

  void subtract(const Phase&, const Tensor*, Gradient& gradient) override {
    visit();
    chains_.run(options_.steps, true);
    gradient.accumulate(chains_.phase(), nullptr, -1 / static_cast<double>(options_.chains), false);
  }

  const States* particles() override { return &states(); }

  std::optional<Interval> logPartition() override {
    if (reservoirs_.size() == 0 || options_.chains < leastLadderColumns) return std::nullopt;
    const Reservoirs::LogPartition z = reservoirs_.logPartition(states());
    const double margin = studentInterval(0, z.standardError, static_cast<double>(options_.chains - 1)).high;
    if (!std::isfinite(z.value) || !std::isfinite(margin)) return std::nullopt;
    return Interval{z.value, std::min({z.value, z.forward, z.reverse}) - margin, std::max({z.value, z.forward, z.reverse}) + margin};
  }

  std::map<std::string, Tensor*> tensors() override {
    std::map<std::string, Tensor*> all = chains_.tensors();
    all.merge(reservoirs_.tensors());
    all["turn"] = turn_.get();
    return all;
  }

  void settle() override {
    reservoirs_.settle();
    const std::vector<float> turn{static_cast<float>(turns_), static_cast<float>(next_)};
    machine_.backend().upload(std::span<const float>(turn), *turn_);
  }

  void makeRoomFor(const std::vector<std::string>& names) override {
    reservoirs_.makeRoom(reservoirs_.countIn({names.begin(), names.end()}));
  }

  void restored() override {
    if (reservoirs_.size() == 0) throw parameterError("the training state has chains of a trajectory, but none of its reservoirs");
    reservoirs_.restored();
    std::vector<float> turn(2);
    machine_.backend().download(*turn_, std::span<float>(turn));
    turns_ = turn[0] >= 0 && turn[0] < 3 ? static_cast<std::size_t>(turn[0]) : 0;
    next_ = turn[1] >= 0 && turn[1] < static_cast<float>(reservoirs_.size()) ? static_cast<std::size_t>(turn[1]) : 0;
  }

 private:
  // The layers that form the state of a chain: the layers with data if the others can be summed
  // out, else all.
  static std::vector<bool> keptLayers(const Machine& machine, const LayerData& data) {
    return summable(machine, data.given()) ? data.given() : std::vector<bool>(data.given().size(), true);
  }

  States& states() { return chains_.phase().states; }

  // Takes turns: first a swap of the current model with the latest checkpoint, then a swap of a
  // lower rung with the one above it, from the bottom up, then none. A swap costs more than an
  // update, and two of them in three updates about double the cost of a run.
  void visit() {
    const std::size_t latest = reservoirs_.size() - 1, turn = turns_;
    turns_ = (turns_ + 1) % 3;
    if (turn == 2) return;
    const bool top = turn == 0 || latest == 0;
    if (!top) next_ = next_ + 1 < latest ? next_ + 1 : 0;
    const std::size_t k = top ? latest : next_;
    Stream stream = machine_.random().next(Purpose::negative);
    reservoirs_.sweep(k, stream);
    Stream swaps = stream;
    swaps.purpose = Purpose::swap;
    swaps.layer = 3;  // tempered chains have 0 and 1, ladders of likelihoods 2
    const double accepted = reservoirs_.swap(k, states(), swaps);
    if (!top) return;
    lengthen(accepted);
    completeCurrent();
  }

  void completeCurrent() { reservoirs_.completeCurrent(states(), machine_.random().next(Purpose::negative)); }

  double bridgeAcceptance() const { return std::max(bridged, options_.reservoirAcceptance); }

  void lengthen(double accepted) {
    if (accepted < collapsed) return reservoirs_.bridge(states(), bridgeAcceptance());
    if (reservoirs_.latest().acceptance < options_.reservoirAcceptance) reservoirs_.freeze(states());
  }

  Machine& machine_;
  const TrainerOptions& options_;
  ModelChains chains_;
  Reservoirs reservoirs_;
  TensorPtr turn_;  // [1, 2]: turns_ and next_, as they are saved
  // next_: the rung below the latest that was visited last. turns_: the next turn, 0 the latest, 1
  // another rung, 2 none.
  std::size_t next_ = 0, turns_ = 0;
};

}  // namespace

std::unique_ptr<NegativePhase> makeTrajectoryTempering(Machine& machine, const TrainerOptions& options, const LayerData& data) {
  return std::make_unique<TrajectoryTempering>(machine, options, data);
}

}  // namespace boltzkit
