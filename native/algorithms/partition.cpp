#include "algorithms/partition.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/annealed.hpp"
#include "algorithms/base_units.hpp"
#include "algorithms/bennett.hpp"
#include "algorithms/row_chunks.hpp"
#include "algorithms/state_sums.hpp"
#include "machine/normalisable.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t usualNumber = 5000;  // temperatures
constexpr std::size_t pilotTemperatures = 200, pilotChains = 100;

std::vector<bool> noLayer(const Machine& machine) { return std::vector<bool>(machine.wiring().layers().size(), false); }

// Chains of the machine itself: in blocks that go together, half of them from data rows where there are any, the others from independent units.
class ModelSamples {
 public:
  ModelSamples(Machine& machine, const PartitionOptions& options)
      : machine_(machine), options_(options), gibbs_(machine, noLayer(machine), std::min(chunkRows, options.chains)), base_(machine) {
    for (std::size_t first = 0; first < options.chains; first += chunkRows)
      blocks_.emplace_back(machine, std::min(chunkRows, options.chains - first));
  }

  std::vector<States>& blocks() { return blocks_; }
  const BaseUnits& base() const { return base_; }

  void run(const Cancelled& cancelled) {
    if (!options_.rows.empty()) data_.emplace(machine_, options_.rows);
    if (data_) addRows(cancelled);
    std::size_t first = 0;
    const Stream starts = stream(1), sweeps = stream(options_.warmup);
    for (States& states : blocks_) {
      start(states, first, starts);
      warmUp(states, first, sweeps, cancelled);
      first += states.rows();
    }
  }

 private:
  Stream stream(std::uint64_t steps) { return {machine_.seed(), Purpose::evaluation, 0, machine_.nextStep(Purpose::evaluation, steps)}; }

  void addRows(const Cancelled& cancelled) {
    forEachChunk(machine_, *data_, cancelled, [&](std::size_t, States& states) {
      for (std::size_t l = 0; l < data_->given().size(); ++l)
        if (data_->given()[l]) base_.add(l, states[l]);
    });
  }

  // Rows take turns with noise; layers without rows start from their own biases.
  void start(States& states, std::size_t first, const Stream& stream) {
    Backend& backend = machine_.backend();
    for (std::size_t l = 0; l < states.layers.size(); ++l) {
      const TensorPtr noField = backend.tensor(states.rows(), machine_.units(l));
      UnitUpdate update{machine_.unitsOf(l), 1, stream, static_cast<std::uint32_t>(first), &states[l]};
      update.stream.layer = static_cast<std::uint8_t>(l);
      backend.updateUnits(update, *noField, nullptr, &states[l]);
    }
    if (!data_) return;
    States fromData(machine_, states.rows());
    std::vector<std::uint32_t> rows(states.rows());
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::uint32_t>((first + r) * data_->rows() / options_.chains);
    data_->gather(rows, fromData);
    for (std::size_t l = 0; l < states.layers.size(); ++l) {
      if (!data_->given()[l]) continue;
      std::vector<float> mask(rows.size() * machine_.units(l), 0.0f);
      for (std::size_t r = 0; r < rows.size(); r += 2)
        std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(r * machine_.units(l)), machine_.units(l), 1.0f);
      const TensorPtr chosen = backend.tensor(rows.size(), machine_.units(l));
      backend.upload(std::span<const float>(mask), *chosen);
      backend.clamp(*chosen, fromData[l], states[l]);
    }
  }

  // The marginals of layers without rows are those of the second half of the sweeps.
  void warmUp(States& states, std::size_t first, const Stream& stream, const Cancelled& cancelled) {
    Round round{stream, static_cast<std::uint32_t>(first)};
    // A layer with rows is drawn last, so that the others follow from it at the start.
    for (std::uint64_t s = 0; s < options_.warmup; ++s, ++round.stream.step) {
      throwIfCancelled(cancelled);
      sweep(states, round);
      if (s >= options_.warmup / 2)
        for (std::size_t l = 0; l < states.layers.size(); ++l)
          if (!data_ || !data_->given()[l]) base_.add(l, states[l]);
    }
  }

  void sweep(States& states, const Round& round) {
    for (const bool given : {false, true})
      for (const std::vector<std::size_t>& block : gibbs_.blocks())
        for (const std::size_t l : block)
          if ((data_ && data_->given()[l]) == given) gibbs_.update(l, states, round, nullptr, &states[l]);
  }

  Machine& machine_;
  const PartitionOptions& options_;
  BlockGibbs gibbs_;
  BaseUnits base_;
  std::optional<LayerData> data_;
  std::vector<States> blocks_;
};

class Bracket {
 public:
  Bracket(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled)
      : machine_(machine), options_(options), cancelled_(cancelled), samples_(machine, options) {}

  PartitionResult run() {
    samples_.run(cancelled_);
    AnnealingPath path(machine_, roles(), base(), std::min(chunkRows, options_.chains));
    Annealer annealer(path, temperatures(path));
    const std::vector<double> up = forward(annealer), down = reverse(annealer);
    return result(path.logBase(), up, down);
  }

 private:
  std::vector<AnnealingPath::Role> roles() const {
    std::vector<bool> withData = noLayer(machine_);
    for (const LayerRows& rows : options_.rows) withData[rows.layer] = true;
    return AnnealingPath::roles(machine_.wiring(), noLayer(machine_), withData);
  }

  AnnealingPath::Base base() const {
    AnnealingPath::Base base;
    for (std::size_t l = 0; l < machine_.wiring().layers().size(); ++l) base.push_back(samples_.base().parameters(l));
    return base;
  }

  std::vector<double> temperatures(AnnealingPath& path) {
    if (!options_.betas.empty()) return options_.betas;
    const std::size_t n = options_.temperatures ? options_.temperatures : usualNumber;
    Annealer pilot(path, usualTemperatures(std::min(n, pilotTemperatures)));
    pilot.recordIncrements();
    const std::size_t chains = std::min(options_.chains, pilotChains);
    States states(machine_, chains);
    std::vector<double> weights(chains);
    pilot.forward(states, {stream(pilot.steps())}, cancelled_, weights);
    return equalisedTemperatures(usualTemperatures(std::min(n, pilotTemperatures)), pilot.incrementVariances(), n);
  }

  Stream stream(std::uint64_t steps) { return {machine_.seed(), Purpose::evaluation, 0, machine_.nextStep(Purpose::evaluation, steps)}; }

  std::vector<double> forward(Annealer& annealer) {
    std::vector<double> weights(options_.chains);
    Round round{stream(annealer.steps())};
    for (std::size_t first = 0; first < weights.size(); first += chunkRows) {
      States states(machine_, std::min(chunkRows, weights.size() - first));
      round.firstChain = static_cast<std::uint32_t>(first);
      annealer.forward(states, round, cancelled_, std::span(weights).subspan(first, states.rows()));
    }
    return weights;
  }

  std::vector<double> reverse(Annealer& annealer) {
    std::vector<double> weights(options_.chains);
    Round round{stream(annealer.steps())};
    std::size_t first = 0;
    for (States& states : samples_.blocks()) {
      round.firstChain = static_cast<std::uint32_t>(first);
      annealer.reverse(states, round, cancelled_, std::span(weights).subspan(first, states.rows()));
      first += states.rows();
    }
    return weights;
  }

  static Interval shifted(Interval i, double by) { return {i.value + by, i.low + by, i.high + by}; }

  PartitionResult result(double logBase, const std::vector<double>& up, const std::vector<double>& down) const {
    for (const std::vector<double>* all : {&up, &down})
      for (const double u : *all)
        if (!std::isfinite(u))
          throw parameterError("energies of this machine are not finite in its precision: its parameters are too large");
    const Interval forward = shifted(logMeanInterval(up), logBase), back = logMeanInterval(down);
    const Interval reverse = shifted({-back.value, -back.high, -back.low}, logBase);
    std::vector<double> negated;
    for (const double u : down) negated.push_back(-u);
    const LogRatio ratio = bennettRatio(up, negated);
    const double freedom = 2 * static_cast<double>(options_.chains) - 2;
    return {PartitionOptions::Method::annealed,
            shifted(studentInterval(ratio.value, ratio.standardError, freedom), logBase),
            forward,
            reverse,
            effectiveSampleSize(up),
            effectiveSampleSize(down)};
  }

  Machine& machine_;
  const PartitionOptions& options_;
  const Cancelled& cancelled_;
  ModelSamples samples_;
};

}  // namespace

void validatePartition(const Machine& machine, const PartitionOptions& options) {
  requireNormalisable(machine);
  for (const Layer& layer : machine.wiring().layers())
    if (keepsTotal(layer.type))
      throw parameterError("the states of layer '" + layer.name + "' of counts depend on each row's total: there is no one log Z");
  if (options.chains < 2 || options.chains > 0xffffffffu)
    throw parameterError("chains must be 2 to 4294967295, got " + std::to_string(options.chains));
  if (!options.betas.empty()) requireTemperatures(options.betas);
}

PartitionResult partition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled) {
  using Method = PartitionOptions::Method;
  const bool exact =
      options.method == Method::exact || (options.method == Method::automatic && countedStates(machine) <= quicklyCountedStates);
  if (!exact) return Bracket(machine, options, cancelled).run();
  const double value = exactLogZ(machine, cancelled), none = std::numeric_limits<double>::infinity();
  return {Method::exact, {value, value, value}, {}, {}, none, none};
}

}  // namespace boltzkit
