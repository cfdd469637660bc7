#include "learning/enumerated_phase.hpp"

#include <algorithm>
#include <cmath>

namespace boltzkit {
namespace {

// Joint states per chunk of tensors, and number of energies in memory at once.
constexpr std::size_t chunkStates = 4096, blockStates = std::size_t{1} << 20;

std::vector<bool> either(std::vector<bool> a, const std::vector<bool>& b) {
  for (std::size_t l = 0; l < a.size(); ++l) a[l] = a[l] || b[l];
  return a;
}

std::vector<bool> neither(std::vector<bool> a) {
  a.flip();
  return a;
}

// Turns -log of unnormalised probabilities into probabilities times `total`.
void normalise(std::span<double> energies, double total) {
  const double lowest = *std::min_element(energies.begin(), energies.end());
  double sum = 0;
  for (double& e : energies) sum += e = std::exp(lowest - e);
  for (double& e : energies) e *= total / sum;
}

}  // namespace

// A range of rows of the given layers, combined with all states of the counted layers. State k of
// row r has number r * states + k.
struct EnumeratedPhase::Block {
  std::size_t firstRow, rows;
  const std::vector<std::vector<double>>& given;  // values of each given layer
  std::vector<double> weights;                    // one per row
};

EnumeratedPhase::EnumeratedPhase(const Machine& machine, Enumeration enumeration, const std::vector<bool>& given)
    : machine_(machine),
      enumeration_(std::move(enumeration)),
      given_(given),
      known_(either(given, enumeration_.counted())),
      states_(static_cast<std::size_t>(enumeration_.states())),
      chunk_(chunkStates),
      gibbs_(machine, known_, chunk_),
      phase_(machine, chunk_, neither(known_), gibbs_),
      energies_(machine, known_, chunk_),
      sums_(machine.backend().doubles(chunk_)) {}

void EnumeratedPhase::forEach(const States& from, const Tensor* rowWeights, const Body& body) {
  const bool anyGiven = std::find(given_.begin(), given_.end(), true) != given_.end();
  const std::size_t rows = anyGiven ? from.rows() : 1, each = std::max<std::size_t>(1, blockStates / states_);
  std::vector<std::vector<double>> values(given_.size());
  for (std::size_t l = 0; l < given_.size(); ++l)
    if (given_[l]) values[l] = valuesOf(machine_.backend(), from[l]);
  const std::vector<double> weights = anyGiven && rowWeights ? valuesOf(machine_.backend(), *rowWeights) : std::vector<double>(rows, 1.0);
  for (std::size_t r = 0; r < rows; r += each) {
    const std::size_t n = std::min(each, rows - r);
    const auto firstWeight = weights.begin() + static_cast<std::ptrdiff_t>(r);
    forEach({r, n, values, {firstWeight, firstWeight + static_cast<std::ptrdiff_t>(n)}}, body);
  }
}

void EnumeratedPhase::forEach(const Block& block, const Body& body) {
  std::vector<double> weights(block.rows * states_);
  std::size_t loaded = weights.size();
  auto forEachChunk = [&](auto&& visit) {
    for (std::size_t i = 0; i < weights.size(); i += chunk_) {
      const std::size_t n = std::min(chunk_, weights.size() - i);
      if (loaded != i) load(block, i, n);  // a single chunk is loaded once
      loaded = i;
      visit(std::span(weights).subspan(i, n));
    }
  };
  forEachChunk([&](std::span<double> energies) {
    energies_.compute(phase_.states, *sums_);
    machine_.backend().read(*sums_, energies);
  });
  for (std::size_t r = 0; r < block.rows; ++r) normalise(std::span(weights).subspan(r * states_, states_), block.weights[r]);
  forEachChunk([&](std::span<const double> probabilities) {
    for (std::size_t l = 0; l < known_.size(); ++l)
      if (!known_[l]) gibbs_.update(l, phase_.states, {}, phase_.means[l].get(), nullptr);
    const TensorPtr rowWeights = machine_.backend().tensor(1, probabilities.size());
    machine_.backend().upload(probabilities, *rowWeights);
    body(phase_, *rowWeights);
  });
}

void EnumeratedPhase::load(const Block& block, std::size_t first, std::size_t n) {
  phase_.setRows(n);
  enumeration_.write(first, phase_.states);
  std::vector<double> values;
  for (std::size_t l = 0; l < given_.size(); ++l) {
    if (!given_[l]) continue;
    const std::size_t places = machine_.places(l);
    values.resize(n * places);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t row = block.firstRow + (first + i) / states_;
      std::copy_n(block.given[l].begin() + static_cast<std::ptrdiff_t>(row * places), places,
                  values.begin() + static_cast<std::ptrdiff_t>(i * places));
    }
    machine_.backend().upload(std::span<const double>(values), phase_.states[l]);
  }
}

}  // namespace boltzkit
