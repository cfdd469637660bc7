// A ladder of frozen machines with chains of their own: the checkpoints of a training trajectory, from one without couplings, whose chains are
// drawn exactly and whose log Z is a sum of cumulants, up to the latest. Chains are compared as states of the layers that are kept, the others
// summed out; a sweep draws the latter first, so that they always belong to the machine they are drawn in.
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
    TensorPtr linkValues;  // what of it is saved
    float acceptance = 1;  // running mean of that of swaps with the rung above, or with the living machine; single precision as it is saved
  };

  // Kept: layers whose states make a chain. `most`: rungs beyond which the ladder is thinned out.
  Reservoirs(Machine& living, std::vector<bool> kept, std::size_t chains, std::size_t most);

  std::size_t size() const { return rungs_.size(); }
  Rung& operator[](std::size_t k) { return *rungs_[k]; }
  Rung& latest() { return *rungs_.back(); }

  // A new ladder from uncoupledBase() to the living machine, whose chains come from there (see bridge).
  void begin(States& living, const LayerData& data, double acceptance);
  // Sweeps the chains of rung k once; those of rung 0 are drawn afresh.
  void sweep(std::size_t k, const Stream& stream);
  // Lets the chains of rung k and of the one above (the living machine above the latest) swap states, column by column. Returns the
  // mean probability of it.
  double swap(std::size_t k, States& living, const Stream& stream);
  // Draws the layers that are not kept in states of the living machine.
  void completeLiving(States& living, const Stream& stream);
  // Another rung: the living machine as it stands. Thins the ladder out when it has become too long.
  void freeze(const States& living);
  // Builds rungs from the latest to the living machine along a straight line of parameters, neighbours so close that at least this part of
  // swaps is accepted, and leaves the chains of the last of them in `living`. For machines that have jumped, or were trained otherwise.
  void bridge(States& living, double acceptance);
  // log Z of the living machine from the moment's chains, its standard error, and the same from chains of the lower or of the upper machine of
  // every pair alone: apart from each other when chains lag behind. NaN where a machine of counts has none of its own.
  struct LogPartition {
    double value, standardError, forward, reverse;
  };
  LogPartition logPartition(const States& living);

  // Rungs as tensors, the same ones as long as the rungs are; makeRoom(n) first where another state
  // has n of them.
  std::map<std::string, Tensor*> tensors();
  // Writes what the links and acceptances are by now into tensors().
  void settle();
  void makeRoom(std::size_t rungs);
  // How many rungs, from the first on, have all their tensors among these names.
  std::size_t countIn(const std::set<std::string>& names) const;
  // Takes over what has been put into tensors().
  void restored();

 private:
  struct Differences {
    std::vector<double> lower, upper;  // u of the chains of either rung, per column
  };
  std::unique_ptr<Rung> newRung(Machine::ParameterSet parameters) const;
  std::vector<double> negativeLog(const Machine& machine, const States& states) const;
  std::vector<double> under(Rung* rung, const States& states);
  // `upper` null: the living machine. `states`: the chains of the upper one.
  Differences compare(Rung& lower, Rung* upper, const States& states);
  Differences compare(std::size_t k, const States& living);
  void sweepRung(Rung& rung, Round round);
  void drawWithoutField(Rung& rung, Stream stream);
  void copyKept(const States& from, States& to) const;
  void exchange(States& a, States& b, const std::vector<float>& accepted);
  void thinOut();
  bool normalisable(Rung& rung);
  std::unique_ptr<Rung> rungBetween(const Machine::ParameterSet& from, double t);
  void between(const Machine::ParameterSet& from, double t, Machine::ParameterSet& to) const;
  double logPartitionOfBase();

  Machine& living_;
  Backend& backend_;
  std::vector<bool> kept_;
  std::size_t chains_, most_;
  std::unique_ptr<Machine> frozen_;  // stands in for any rung whose parameters it has been lent
  BlockGibbs gibbs_, livingGibbs_;
  std::vector<std::unique_ptr<Rung>> rungs_;
  std::vector<TensorPtr> ones_, masks_;  // per kept layer [1, units] and [chains, units]
  TensorPtr accepted_;                   // [chains, 1]
  TensorPtr summary_;                    // [rungs, 3]: acceptance, visits that the link holds, which place is the next
};

// Mean of min(1, exp(from - to)).
double meanAcceptance(std::span<const double> lower, std::span<const double> upper);

}  // namespace boltzkit
