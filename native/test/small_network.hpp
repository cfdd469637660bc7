// A network of two levels below a top machine with labels, small enough for sums over all its states.
#pragma once
#include <functional>
#include <memory>

#include "fixtures.hpp"
#include "sampling/levels.hpp"

namespace boltzkit::test {

inline std::shared_ptr<Rows> rowsOf(const Values& values, std::size_t cols, Domain domain = {}) {
  auto rows = std::make_shared<Rows>(cols, domain);
  rows->append(Rows::Source<double>{values.data(), 0, static_cast<std::ptrdiff_t>(cols), 1, values.size() / cols});
  return rows;
}

// Layers of sizes[0], sizes[1], ... units; the top machine is the last pair, with `labels` categories
// as its layer 1, or without labels.
struct SmallNetwork {
  Levels levels;
  std::shared_ptr<Machine> top;

  using Make = std::function<std::shared_ptr<Backend>()>;

  SmallNetwork(const Make& make, const std::vector<std::size_t>& sizes, std::size_t labels, std::uint64_t seed, double scale) {
    for (std::size_t l = 0; l + 2 < sizes.size(); ++l)
      for (auto* half : {&levels.up, &levels.down})
        half->push_back(std::make_shared<Machine>(
            make(), Wiring({{"visible", UnitType::bernoulli, sizes[l]}, {"hidden", UnitType::bernoulli, sizes[l + 1]}}, {{0, 1}}),
            seed + 10 * l + (half == &levels.up), scale));
    const std::size_t below = sizes[sizes.size() - 2], above = sizes.back();
    if (labels > 0)
      top = std::make_shared<Machine>(make(),
                                      Wiring({{"visible", UnitType::bernoulli, below},
                                              {"labels", UnitType::softmax, labels, static_cast<std::uint32_t>(labels)},
                                              {"hidden", UnitType::bernoulli, above}},
                                             {{0, 2}, {1, 2}}),
                                      seed + 100, scale);
    else
      top = std::make_shared<Machine>(
          make(), Wiring({{"visible", UnitType::bernoulli, below}, {"hidden", UnitType::bernoulli, above}}, {{0, 1}}), seed + 100, scale);
    // Biases other than 0, so that they matter.
    Dice dice(seed);
    for (Machine* machine : machines())
      for (std::size_t l = 0; l < machine->wiring().layers().size(); ++l) {
        Values bias(machine->places(l));
        for (double& b : bias) b = static_cast<float>(dice.between(-scale, scale));
        machine->backend().upload(std::span<const double>(bias), machine->unitParameters(l));
      }
  }

  std::vector<Machine*> machines() const {
    std::vector<Machine*> all;
    for (const auto* half : {&levels.up, &levels.down})
      for (const auto& machine : *half) all.push_back(machine.get());
    all.push_back(top.get());
    return all;
  }

  Values parameters() const {
    Values all;
    for (Machine* machine : machines())
      for (const NamedTensor& p : machine->parameters())
        for (const double value : valuesOf(machine->backend(), *p.tensor)) all.push_back(value);
    return all;
  }

  void copyFrom(const SmallNetwork& other) {
    for (std::size_t m = 0; m < machines().size(); ++m) {
      const std::vector<NamedTensor> to = machines()[m]->parameters(), from = other.machines()[m]->parameters();
      for (std::size_t p = 0; p < to.size(); ++p)
        machines()[m]->backend().upload(std::span<const double>(valuesOf(other.machines()[m]->backend(), *from[p].tensor)), *to[p].tensor);
    }
    top->random().counters() = other.top->random().counters();
  }
};

// Numbered states of n binary units.
inline Values bitsOf(std::size_t number, std::size_t n) {
  Values bits(n);
  for (std::size_t j = 0; j < n; ++j) bits[j] = static_cast<double>(number >> j & 1);
  return bits;
}

// log p(target | given) of binary units with weights [rows, cols], which join the given (or, if
// `down`, the target) as rows with the other as columns.
inline double logConditional(const Values& target, const Values& given, const Values& weights, const Values& bias, bool down) {
  double sum = 0;
  for (std::size_t j = 0; j < target.size(); ++j) {
    double field = bias[j];
    for (std::size_t i = 0; i < given.size(); ++i)
      field += given[i] * (down ? weights[j * given.size() + i] : weights[i * target.size() + j]);
    sum += target[j] * field - (field > 0 ? field + std::log1p(std::exp(-field)) : std::log1p(std::exp(field)));
  }
  return sum;
}

// The parameters of a machine of two binary layers, in double precision.
struct PairValues {
  Values below, above, weights;
  explicit PairValues(const Machine& m)
      : below(valuesOf(m.backend(), m.unitParameters(0))),
        above(valuesOf(m.backend(), m.unitParameters(1))),
        weights(valuesOf(m.backend(), m.weights(0))) {}
  double logUp(const Values& low, const Values& high) const { return logConditional(high, low, weights, above, false); }
  double logDown(const Values& low, const Values& high) const { return logConditional(low, high, weights, below, true); }
};

}  // namespace boltzkit::test
