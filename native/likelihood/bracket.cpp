#include "likelihood/bracket.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/progress.hpp"
#include "likelihood/annealed.hpp"
#include "likelihood/bennett.hpp"
#include "likelihood/route.hpp"
#include "likelihood/tempered_ladder.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t usualNumber = 10000;  // temperatures
constexpr std::size_t ladderGroups = 20;
// Limits on the sweeps of the ladder, for warming up and for measuring each.
constexpr std::uint64_t leastSweeps = 100, mostSweeps = 10000;

Interval shifted(Interval i, double by) { return {i.value + by, i.low + by, i.high + by}; }

std::vector<double> negated(std::vector<double> values) {
  for (double& x : values) x = -x;
  return values;
}

// The result of `body`, whose progress is that of a third of the work.
template <class Body>
auto third(int number, Body&& body) {
  const Progress part(number / 3.0, (number + 1) / 3.0);
  return body();
}

class Bracket {
 public:
  Bracket(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled)
      : machine_(machine),
        options_(options),
        cancelled_(cancelled),
        route_(machine, options, std::min(chunkRows, options.chains), cancelled),
        groups_(std::min(options.chains, ladderGroups)) {}

  PartitionResult run() {
    Annealer annealer(route_.path(), route_.temperatures(usualNumber));
    const std::vector<double> up = third(0, [&] { return forward(annealer); });
    PartitionResult result = third(1, [&] { return climb(annealer.steps()); });
    const std::vector<double> back = third(2, [&] { return reverse(annealer); });
    complete(result, up, negated(back));
    return result;
  }

  // Work of `run`, in sweeps of a chain, for progress.
  static double work(const PartitionOptions& options) {
    const std::size_t number = options.betas.empty() ? (options.temperatures ? options.temperatures : usualNumber) : options.betas.size();
    return 3 * 2 * static_cast<double>(number) * static_cast<double>(options.chains);
  }

 private:
  Progress chunk(std::size_t first, std::size_t rows) const {
    const double all = static_cast<double>(options_.chains);
    return {static_cast<double>(first) / all, static_cast<double>(first + rows) / all};
  }

  std::vector<double> forward(Annealer& annealer) {
    std::vector<double> weights(options_.chains);
    Round round{route_.stream(annealer.steps())};
    for (std::size_t first = 0; first < weights.size(); first += chunkRows) {
      States states(machine_, std::min(chunkRows, weights.size() - first));
      round.firstChain = static_cast<std::uint32_t>(first);
      const Progress part = chunk(first, states.rows());
      annealer.forward(states, round, cancelled_, std::span(weights).subspan(first, states.rows()));
    }
    return weights;
  }

  // Replaces the samples by states from the top of a ladder, group by group, at evenly spaced
  // sweeps. The ladder takes about as many sweeps as one of the anneals.
  PartitionResult climb(std::uint64_t temperatures) {
    const std::size_t rungs = route_.rungs(), times = (options_.chains + groups_ - 1) / groups_;
    const std::uint64_t steps = temperatures * options_.chains / (rungs * groups_);
    const std::uint64_t sweeps = std::clamp(steps / 2, leastSweeps, mostSweeps);
    TemperedLadder ladder(machine_, route_.path(), route_.placed(rungs), groups_);
    ladder.start(route_.samples());
    {
      const Progress part(0, 0.5);
      ladder.sweep(sweeps, false, cancelled_);
    }
    std::vector<std::vector<float>> tops(machine_.wiring().layers().size());
    for (std::size_t taken = 0; taken < times; ++taken) {
      const double each = 0.5 / static_cast<double>(times), before = 0.5 + each * static_cast<double>(taken);
      const Progress part(before, before + each);
      ladder.sweep(std::max<std::uint64_t>(sweeps / times, 1), true, cancelled_);
      for (const std::size_t l : route_.path().kept()) {
        const std::size_t before = tops[l].size();
        tops[l].resize(before + groups_ * machine_.places(l));
        machine_.backend().download(ladder.top()[l], std::span(tops[l]).subspan(before));
      }
    }
    takeSamples(tops);
    const LadderEstimate found = ladder.estimate();
    PartitionResult result{PartitionOptions::Method::annealed};
    result.ladder = studentInterval(route_.path().logBase() + found.value, found.standardError, static_cast<double>(groups_) - 1);
    result.fewestArrivals = ladder.fewestArrivals();
    return result;
  }

  void takeSamples(const std::vector<std::vector<float>>& tops) {
    std::size_t first = 0;
    for (States& states : route_.samples()) {
      for (const std::size_t l : route_.path().kept()) {
        const std::size_t places = machine_.places(l);
        machine_.backend().upload(std::span(tops[l]).subspan(first * places, states.rows() * places), states[l]);
      }
      first += states.rows();
    }
  }

  std::vector<double> reverse(Annealer& annealer) {
    std::vector<double> weights(options_.chains);
    Round round{route_.stream(annealer.steps())};
    std::size_t first = 0;
    for (States& states : route_.samples()) {
      round.firstChain = static_cast<std::uint32_t>(first);
      const Progress part = chunk(first, states.rows());
      annealer.reverse(states, round, cancelled_, std::span(weights).subspan(first, states.rows()));
      first += states.rows();
    }
    return weights;
  }

  // `up`: log w forward. `down`: -log w in reverse.
  void complete(PartitionResult& result, const std::vector<double>& up, const std::vector<double>& down) {
    for (const std::vector<double>* all : {&up, &down})
      for (const double u : *all) requireFinite(u);
    const double logBase = route_.path().logBase();
    result.forward = shifted(logMeanInterval(up), logBase);
    const Interval back = logMeanInterval(negated(down));
    result.reverse = shifted({-back.value, -back.high, -back.low}, logBase);
    const LogRatio ratio = bennettRatio(up, down, groups_);
    if (std::fabs(result.reverse->value - result.forward->value) < 1) requireFinite(ratio.standardError);
    result.logZ = shifted(studentInterval(ratio.value, ratio.standardError, ratio.freedom), logBase);
    result.effectiveSampleSize = effectiveSampleSize(up);
    result.reverseSampleSize = effectiveSampleSize(negated(down));
    result.excess = *std::max_element(down.begin(), down.end()) - *std::max_element(up.begin(), up.end());
  }

  Machine& machine_;
  const PartitionOptions& options_;
  const Cancelled& cancelled_;
  Route route_;
  std::size_t groups_;
};

}  // namespace

PartitionResult annealedPartition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled) {
  const double route = Route::work(options), share = route / (route + Bracket::work(options));
  std::optional<Bracket> bracket;
  {
    const Progress part(0, share);
    bracket.emplace(machine, options, cancelled);
  }
  const Progress part(share, 1);
  return bracket->run();
}

}  // namespace boltzkit
