// log Z by parallel tempering along an annealing path: at every place of a list there is one chain of each of several independent groups, and
// neighbours in a group exchange their states with probability
//   min(1, p*_k(s_(k+1)) p*_(k+1)(s_k) / (p*_k(s_k) p*_(k+1)(s_(k+1)))),
// summed layers summed out (Geyer 1991; Hukushima & Nemoto, J. Phys. Soc. Jpn 65 (1996), 1604). log Z_K / Z_0 is the sum of Bennett's
// acceptance ratios between neighbours (likelihood/bennett.hpp), over the states of all groups. What states of one group have to do with each other
// does not bias it; its standard error comes from how the groups differ.
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
  double value;                // log(Z_K / Z_0)
  double standardError;        // to first order, from the spread between groups
  double effectiveSampleSize;  // independent samples at every place that would have this standard error
  double overlap;              // the worst between neighbours
};

class TemperedLadder {
 public:
  // `betas` rise strictly from 0 to 1; `groups` chains at each.
  TemperedLadder(Machine& machine, AnnealingPath& path, std::vector<double> betas, std::size_t groups);

  // All chains of a group begin at its state among these, in blocks; further ones are left aside.
  void start(const std::vector<States>& blocks);
  // Sweeps, each with swaps of all even or all odd pairs before it; with `measure` what Bennett's ratios need is kept, of at most 1,000 sweeps.
  void sweep(std::uint64_t sweeps, bool measure, const Cancelled& cancelled);
  LadderEstimate estimate() const;
  // The chains of all groups at beta = 1: samples of the machine, as far as they have come up from beta = 0.
  const States& top() const { return rungs_.back().states; }
  // How many states have come up from beta = 0, where each is drawn anew, to beta = 1, in the group where fewest have. None:
  // that group still is where it began.
  std::uint64_t fewestArrivals() const { return *std::min_element(arrivals_.begin(), arrivals_.end()); }

 private:
  struct Rung {
    AnnealingPath::Point point;
    States states;
    std::vector<double> up, down;                  // [groups] log p* at the next place and the one before, less that at this one
    std::vector<double> measuredUp, measuredDown;  // [sweeps, groups]
    std::vector<char> fromBelow;                   // [groups] whether the state was last at beta = 0, not at 1
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
