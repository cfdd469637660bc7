// A ladder of frozen machines with their own chains: the checkpoints of a training trajectory up to
// the latest. The first has no couplings, so its chains are drawn exactly and its log Z is a sum of
// cumulants. The state of a chain consists of the kept layers, and the others are summed out. A
// sweep draws the others first, so they always belong to the machine that draws them.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "learning/negative/ladder_link.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

class Reservoirs {
 public:
  struct Rung {
    Machine::ParameterSet parameters;
    States states;
    LadderLink link;       // to the rung above
    TensorPtr linkValues;  // saved values of `link`
    // Running mean of the acceptance of swaps with the rung above, or with the current model.
    // Single precision, as it is saved.
    float acceptance = 1;
  };

  // `current`: the current model. `kept`: layers that form the state of a chain. `most`: number of
  // rungs above which the ladder is thinned out.
  Reservoirs(Machine& current, std::vector<bool> kept, std::size_t chains, std::size_t most);

  std::size_t size() const { return rungs_.size(); }
  Rung& operator[](std::size_t k) { return *rungs_[k]; }
  Rung& latest() { return *rungs_.back(); }

  // Builds a new ladder from uncoupledBase() to the current model, whose chains come from there
  // (see bridge).
  void begin(States& current, const LayerData& data, double acceptance);
  // Sweeps the chains of rung k once. Those of rung 0 are drawn anew.
  void sweep(std::size_t k, const Stream& stream);
  // Swaps states between the chains of rung k and of the rung above, column by column. Above the
  // latest rung is the current model. Returns the mean probability of acceptance.
  double swap(std::size_t k, States& current, const Stream& stream);
  // Draws the layers of the current model that are not kept.
  void completeCurrent(States& current, const Stream& stream);
  // Adds the current model as a rung. Thins the ladder out if it has become too long.
  void freeze(const States& current);
  // Adds rungs from the latest to the current model along a straight line of parameters, spaced so
  // that at least this fraction of swaps between neighbours is accepted. Copies the chains of the
  // last one into `current`. For models that have jumped or were trained by other means.
  void bridge(States& current, double acceptance);
  // log Z of the current model from the current chains, and its standard error. `forward` and
  // `reverse` use only the chains of the lower or of the upper machine of every pair; they differ
  // if chains lag behind. NaN if a machine of counts has no log Z of its own.
  struct LogPartition {
    double value, standardError, forward, reverse;
  };
  LogPartition logPartition(const States& current);

  // The rungs as tensors, the same ones during the lifetime of the rungs. Call makeRoom(n) first if
  // another state has n rungs.
  std::map<std::string, Tensor*> tensors();
  // Writes the current links and acceptances into tensors().
  void settle();
  void makeRoom(std::size_t rungs);
  // Number of rungs, counted from the first, that have all their tensors among these names.
  std::size_t countIn(const std::set<std::string>& names) const;
  // Loads the values that have been written into tensors().
  void restored();

 private:
  struct Differences {
    std::vector<double> lower, upper;  // u of the chains of each rung, per column
  };
  std::unique_ptr<Rung> newRung(Machine::ParameterSet parameters) const;
  std::vector<double> under(Rung* rung, const States& states);
  // `upper` null: the current model. `states`: the chains of `upper`.
  Differences compare(Rung& lower, Rung* upper, const States& states);
  Differences compare(std::size_t k, const States& current);
  void sweepRung(Rung& rung, Round round);
  void drawWithoutField(Rung& rung, Stream stream);
  void copyKept(const States& from, States& to) const;
  void exchange(States& a, States& b, const std::vector<float>& accepted);
  void thinOut();
  bool normalisable(Rung& rung);
  std::unique_ptr<Rung> rungBetween(const Machine::ParameterSet& from, double t);
  void between(const Machine::ParameterSet& from, double t, Machine::ParameterSet& to) const;
  double logPartitionOfBase();

  Machine& current_;
  Backend& backend_;
  std::vector<bool> kept_;
  std::size_t chains_, most_;
  std::unique_ptr<Machine> frozen_;  // machine that borrows the parameters of any rung
  BlockGibbs gibbs_, currentGibbs_;
  FreeEnergies frozenEnergies_, currentEnergies_;
  DoublesPtr sums_;  // [chains]
  std::vector<std::unique_ptr<Rung>> rungs_;
  // Per kept layer: [1, places], [chains, places], [chains, places].
  std::vector<TensorPtr> ones_, masks_, previous_;
  TensorPtr accepted_;  // [chains, 1]
  // [rungs, 3]: acceptance, LadderLink::filled, LadderLink::next
  TensorPtr summary_;
};

// Mean of min(1, exp(lower - upper)).
double meanAcceptance(std::span<const double> lower, std::span<const double> upper);

}  // namespace boltzkit
