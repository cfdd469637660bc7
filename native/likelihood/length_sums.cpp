#include "likelihood/length_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/progress.hpp"
#include "likelihood/log_sum.hpp"
#include "machine/gibbs.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t words = 0, hidden = 1;
constexpr std::uint8_t acceptance = 2;  // stream of the uniform numbers, beside the two layers
constexpr std::size_t chunkStates = 1024;

// One word of a document.
Units oneWord(const Machine& machine) {
  return {UnitType::softmax, &machine.unitParameters(words), static_cast<std::uint32_t>(machine.places(words))};
}

// Steps are even in log(t + bend): the log weights of a trained machine then vary about equally
// from step to step.
constexpr double bend = 0.5;

// Real lengths from 0 to the longest, through all that are asked for.
std::vector<double> path(const LengthOptions& options) {
  const double longest = options.lengths.back(), n = static_cast<double>(options.steps);
  std::vector<double> points{0};
  for (std::size_t k = 1; k < options.steps; ++k)
    points.push_back(bend * std::expm1(std::log1p(longest / bend) * static_cast<double>(k) / n));
  points.insert(points.end(), options.lengths.begin(), options.lengths.end());
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

// Chains of hidden states h with their g(h).
class LengthChains {
 public:
  LengthChains(Machine& machine, std::size_t rows)
      : machine_(machine),
        backend_(machine.backend()),
        gibbs_(machine, {true, false}, rows),
        states_(machine, rows),
        fields_(backend_.tensor(rows, machine.places(words))),
        hiddenMask_(backend_.tensor(rows, machine.places(hidden))),
        wordMask_(backend_.tensor(rows, machine.places(words))),
        ones_(backend_.tensor(1, machine.places(words))),
        document_(backend_.tensor(1, machine.places(words))),
        sums_(backend_.doubles(rows)),
        g_(rows),
        other_{backend_.tensor(rows, machine.places(hidden)), backend_.tensor(rows, machine.places(words)), g_} {
    backend_.fill(1, *ones_);
  }

  const std::vector<double>& g() const { return g_; }

  // From p_0.
  void start(const Stream& stream) {
    drawWithoutField(backend_, machine_.unitsOf(hidden), hidden, stream, 0, states_[hidden]);
    measure();
  }

  // One step that keeps p_t.
  void step(double t, const Stream& stream) {
    const double n = std::round(t);
    propose(n, stream);
    std::swap(states_.layers[hidden], other_.hidden);
    std::swap(fields_, other_.fields);
    other_.g = g_;
    measure();
    if (t != n) refuse(t - n, stream);
  }

  // Row r becomes what row from[r] was.
  void choose(const std::vector<std::size_t>& from) {
    const std::size_t places = machine_.places(hidden);
    const std::vector<double> old = valuesOf(backend_, states_[hidden]);
    std::vector<double> chosen(old.size());
    for (std::size_t r = 0; r < from.size(); ++r) std::copy_n(&old[from[r] * places], places, &chosen[r * places]);
    backend_.upload(std::span<const double>(chosen), states_[hidden]);
    measure();
  }

 private:
  // Computes g of the hidden states, and the fields of the words that belong to them.
  void measure() {
    layerFields(machine_, words, states_, {}, *fields_);
    backend_.cumulants(oneWord(machine_), *fields_, 1, nullptr, {sums_.get()});
    backend_.read(*sums_, g_);
  }

  // Hidden states through a document of n words, beside the present ones.
  void propose(double n, const Stream& stream) {
    if (n == 0) return drawWithoutField(backend_, machine_.unitsOf(hidden), hidden, stream, 0, *other_.hidden);
    // A draw keeps the total of a document, whatever its words are.
    std::vector<double> document(machine_.places(words), 0.0);
    document.front() = n;
    backend_.upload(std::span<const double>(document), *document_);
    Tensor& drawn = states_[words];
    backend_.clamp(*ones_, *document_, drawn);
    UnitUpdate update{machine_.unitsOf(words), 1, stream, 0, &drawn};
    update.stream.layer = words;
    backend_.updateUnits(update, *fields_, nullptr, &drawn);
    Round round;
    round.stream = stream;
    gibbs_.update(hidden, states_, round, nullptr, other_.hidden.get());
  }

  // Takes back proposals with probability 1 - min(1, exp(part (g' - g))).
  void refuse(double part, Stream stream) {
    stream.layer = acceptance;
    std::vector<bool> refused;
    for (std::size_t r = 0; r < g_.size(); ++r) {
      const double u = uniform<double>(streamWords(stream, static_cast<std::uint32_t>(r), 0).w[0]);
      refused.push_back(u >= std::exp(part * (g_[r] - other_.g[r])));
      if (refused[r]) g_[r] = other_.g[r];
    }
    putBack(refused, *hiddenMask_, *other_.hidden, states_[hidden]);
    putBack(refused, *wordMask_, *other_.fields, *fields_);
  }

  // Replaces the chosen rows.
  void putBack(const std::vector<bool>& chosen, Tensor& mask, const Tensor& from, Tensor& to) {
    std::vector<float> flags;
    for (const bool row : chosen) flags.insert(flags.end(), to.cols(), row ? 1.0f : 0.0f);
    backend_.upload(std::span<const float>(flags), mask);
    backend_.clamp(mask, from, to);
  }

  Machine& machine_;
  Backend& backend_;
  BlockGibbs gibbs_;
  States states_;
  TensorPtr fields_, hiddenMask_, wordMask_, ones_, document_;
  DoublesPtr sums_;
  std::vector<double> g_;
  // The proposal before a step, the states it replaced afterwards.
  struct {
    TensorPtr hidden, fields;
    std::vector<double> g;
  } other_;
};

// Rows in proportion to their weights exp(u), each as often as it is worth, rounded (systematic
// resampling).
std::vector<std::size_t> resampled(std::span<const double> u, double offset) {
  LogSum all;
  for (const double x : u) all.add(x);
  const double n = static_cast<double>(u.size());
  std::vector<std::size_t> rows;
  double end = 0;
  for (std::size_t r = 0; r < u.size(); ++r) {
    end += n * std::exp(u[r] - all.value());
    while (rows.size() < u.size() && static_cast<double>(rows.size()) + offset < end) rows.push_back(r);
  }
  rows.resize(u.size(), u.size() - 1);
  return rows;
}

// log of the mean of exp(u) less that of exp(v), chain by chain; to first order its standard error
// is that of the difference of both, each divided by its mean.
Interval logRatio(std::span<const double> u, std::span<const double> v) {
  const double n = static_cast<double>(u.size()), mu = logMean(u), mv = logMean(v);
  double squares = 0;
  for (std::size_t r = 0; r < u.size(); ++r) {
    const double difference = std::exp(u[r] - mu) - std::exp(v[r] - mv);
    squares += difference * difference;
  }
  return studentInterval(mu - mv, std::sqrt(squares / n / (n - 1)), n - 1);
}

Interval shifted(Interval interval, double by) { return {interval.value + by, interval.low + by, interval.high + by}; }

double logBase(Machine& machine) {
  const TensorPtr noField = machine.backend().tensor(1, machine.places(hidden));
  return reduced(machine.backend(), 1,
                 [&](const RowSum& sum) { machine.backend().cumulants(machine.unitsOf(hidden), *noField, 1, nullptr, sum); })
      .front();
}

LengthSums annealed(Machine& machine, const LengthOptions& options, const Cancelled& cancelled) {
  const std::vector<double> points = path(options);
  const std::size_t last = points.size() - 1;
  const double base = logBase(machine), all = 2 * static_cast<double>(last) + static_cast<double>(options.warmup);
  Stream stream = machine.random().next(Purpose::evaluation, 2 * points.size() + options.warmup + 1);
  double done = 0;
  LengthChains chains(machine, options.chains);
  const auto move = [&](double t) {
    throwIfCancelled(cancelled);
    Progress::report(++done, all);
    chains.step(t, stream);
    ++stream.step;
  };
  std::vector<double> weights(options.chains, 0.0);
  const auto weigh = [&](double by) {
    for (std::size_t r = 0; r < weights.size(); ++r) weights[r] += by * chains.g()[r];
  };

  LengthSums sums;
  chains.start(stream);
  ++stream.step;
  for (std::size_t k = 1, next = 0; k <= last; ++k) {
    weigh(points[k] - points[k - 1]);
    if (points[k] == options.lengths[next]) {
      sums.forward.push_back(shifted(logMeanInterval(weights), base));
      sums.forwardSamples.push_back(effectiveSampleSize(weights));
      ++next;
    }
    move(points[k]);
  }

  chains.choose(resampled(weights, uniform<double>(streamWords({stream.seed, stream.purpose, acceptance, stream.step}, 0, 0).w[0])));
  ++stream.step;
  for (std::uint64_t s = 0; s < options.warmup; ++s) move(points[last]);
  // By length, the weights on the way back.
  std::vector<std::vector<double>> passed;
  weights.assign(options.chains, 0.0);
  for (std::size_t k = last, next = options.lengths.size(); k > 0; --k) {
    if (next > 0 && points[k] == options.lengths[next - 1]) {
      passed.push_back(weights);
      --next;
    }
    weigh(points[k - 1] - points[k]);
    if (k > 1) move(points[k - 1]);
  }
  std::reverse(passed.begin(), passed.end());
  for (const std::vector<double>& at : passed) {
    sums.reverse.push_back(shifted(logRatio(at, weights), base));
    sums.reverseSamples.push_back(std::min(effectiveSampleSize(at), effectiveSampleSize(weights)));
  }
  return sums;
}

LengthSums counted(Machine& machine, const LengthOptions& options, const Cancelled& cancelled) {
  Backend& backend = machine.backend();
  const std::uint64_t number = std::uint64_t{1} << machine.places(hidden);
  const std::size_t chunk = std::min<std::uint64_t>(chunkStates, number);
  States all(machine, chunk);
  const TensorPtr fields = backend.tensor(chunk, machine.places(words));
  std::vector<LogSum> logs(options.lengths.size());
  for (std::uint64_t first = 0; first < number; first += chunk) {
    throwIfCancelled(cancelled);
    Progress::report(static_cast<double>(first), static_cast<double>(number));
    std::vector<double> bits;
    for (std::uint64_t s = first; s < first + chunk; ++s)
      for (std::size_t j = 0; j < machine.places(hidden); ++j) bits.push_back(static_cast<double>(s >> j & 1));
    backend.upload(std::span<const double>(bits), all[hidden]);
    layerFields(machine, words, all, {}, *fields);
    const std::vector<double> g =
        reduced(backend, chunk, [&](const RowSum& sum) { backend.cumulants(oneWord(machine), *fields, 1, nullptr, sum); });
    const std::vector<double> energies =
        reduced(backend, chunk, [&](const RowSum& sum) { backend.unitEnergies(machine.unitsOf(hidden), all[hidden], sum); });
    for (std::size_t i = 0; i < logs.size(); ++i)
      for (std::size_t r = 0; r < chunk; ++r) logs[i].add(options.lengths[i] * g[r] - energies[r]);
  }
  LengthSums sums;
  for (const LogSum& log : logs) {
    sums.forward.push_back({log.value(), log.value(), log.value()});
    sums.forwardSamples.push_back(std::numeric_limits<double>::infinity());
  }
  sums.reverse = sums.forward;
  sums.reverseSamples = sums.forwardSamples;
  return sums;
}

}  // namespace

void validateLengthSums(const Machine& machine, const LengthOptions& options) {
  const std::vector<Layer>& layers = machine.wiring().layers();
  if (layers.size() != 2 || !keepsTotal(layers[words].type) || layers[hidden].type != UnitType::bernoulli ||
      machine.wiring().couplings().size() != 1 || machine.wiring().lateral(hidden))
    throw parameterError("log Z by length needs a machine of a layer of counts that is coupled to a layer of Bernoulli units");
  if (options.lengths.empty() || options.lengths.front() < 1) throw parameterError("lengths must be at least 1");
  for (std::size_t i = 1; i < options.lengths.size(); ++i)
    if (options.lengths[i] <= options.lengths[i - 1]) throw parameterError("lengths must rise strictly");
  if (options.exact && std::ldexp(1.0, static_cast<int>(std::min<std::size_t>(layers[hidden].places, 1000))) > mostLengthStates)
    throw parameterError("method 'exact' counts at most 2^20 states, this machine has " + std::to_string(layers[hidden].places) +
                         " hidden units; use 'ais'");
}

LengthSums lengthSums(Machine& machine, const LengthOptions& options, const Cancelled& cancelled) {
  const LengthSums sums = options.exact ? counted(machine, options, cancelled) : annealed(machine, options, cancelled);
  for (const Interval& interval : sums.forward)
    if (!std::isfinite(interval.value))
      throw parameterError("energies of this machine are not finite in its precision: its parameters are too large");
  return sums;
}

}  // namespace boltzkit
