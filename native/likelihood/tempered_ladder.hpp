// log Z by parallel tempering along an annealing path. There are several independent groups; each
// has one chain at every beta of a list. Neighbours in a group exchange their states with
// probability
//   min(1, p*_k(s_(k+1)) p*_(k+1)(s_k) / (p*_k(s_k) p*_(k+1)(s_(k+1)))),
// with summed layers summed out (Geyer 1991; Hukushima & Nemoto, J. Phys. Soc. Jpn 65 (1996),
// 1604).
// log Z_K / Z_0 is the sum of Bennett's acceptance ratios between neighbours
// (likelihood/bennett.hpp) over the states of all groups. Dependence within a group does not bias
// it. Its standard error comes from the differences between groups.
#pragma once
#include <algorithm>
#include <vector>

#include "core/interrupt.hpp"
#include "likelihood/annealing_path.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

struct LadderEstimate {
  double value;          // log(Z_K / Z_0)
  double standardError;  // to first order, from the differences between groups
  // The number of independent samples per beta that would give this standard error.
  double effectiveSampleSize;
  double overlap;  // the worst between neighbours
};

class TemperedLadder {
 public:
  // `betas` rise strictly from 0 to 1; `groups` chains at each.
  TemperedLadder(Machine& machine, AnnealingPath& path, std::vector<double> betas, std::size_t groups);

  // Starts all chains of group g at state g of these blocks. Ignores further states.
  void start(const std::vector<States>& blocks);
  // Runs sweeps. Before each, attempts swaps of all even or all odd pairs. With `measure`, stores
  // what Bennett's ratios need, for at most 1,000 of the sweeps.
  void sweep(std::uint64_t sweeps, bool measure, const Cancelled& cancelled);
  LadderEstimate estimate() const;
  // The chains of all groups at beta = 1. They are samples of the machine to the extent that they
  // have come up from beta = 0.
  const States& top() const { return rungs_.back().states; }
  // The number of states that have come up to beta = 1 from beta = 0, where each is drawn anew, in
  // the group with fewest. If 0, that group has not left its start yet.
  std::uint64_t fewestArrivals() const { return *std::min_element(arrivals_.begin(), arrivals_.end()); }

 private:
  struct Rung {
    AnnealingPath::Point point;
    States states;
    // [groups] log p* at the next and at the previous beta, minus that at this one.
    std::vector<double> up, down;
    std::vector<double> measuredUp, measuredDown;  // [sweeps, groups]
    // [groups] 1 if the state was at beta = 0 later than at 1.
    std::vector<char> fromBelow;
  };

  void weigh(std::size_t rung);
  void swapPairs(std::size_t parity, const Stream& stream);
  void exchange(Rung& a, Rung& b, const std::vector<bool>& chosen);
  void followEnds();

  Machine& machine_;
  AnnealingPath& path_;
  std::size_t groups_;
  std::vector<Rung> rungs_;
  std::vector<std::uint64_t> arrivals_;
};

}  // namespace boltzkit
