#include "sampling/moments.hpp"

#include "sampling/column_sums.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t rowsPerPart = 1 << 14;  // float32 sums of ones are exact up to 2^24

}  // namespace

Moments::Moments(const Machine& machine, std::vector<std::pair<std::size_t, std::size_t>> pairs, std::vector<std::span<double>> sums,
                 std::vector<std::span<double>> products)
    : machine_(machine), pairs_(std::move(pairs)), sums_(std::move(sums)), products_(std::move(products)) {
  Backend& backend = machine.backend();
  for (std::size_t l = 0; l < sums_.size(); ++l) sumParts_.push_back(backend.tensor(1, machine.places(l)));
  for (const auto& [a, b] : pairs_) productParts_.push_back(backend.tensor(machine.places(a), machine.places(b)));
}

void Moments::observe(const States& states, const Tensor* rowWeights, std::size_t counted) {
  Backend& backend = machine_.backend();
  if (!ones_ || ones_->capacity() < states.rows()) {
    ones_ = backend.tensor(states.rows(), 1);
    backend.fill(1, *ones_);
  }
  const double keep = pending_ == 0 ? 0 : 1;
  for (std::size_t l = 0; l < sumParts_.size(); ++l) columnSums(backend, *ones_, states[l], rowWeights, 1, keep, *sumParts_[l]);
  for (std::size_t p = 0; p < pairs_.size(); ++p)
    backend.statistics(states[pairs_[p].first], states[pairs_[p].second], rowWeights, 1, keep, *productParts_[p]);
  pending_ += counted;
  observations_ += counted;
  if (pending_ >= rowsPerPart) flush();
}

void Moments::flush() {
  if (pending_ == 0) return;
  for (std::size_t l = 0; l < sumParts_.size(); ++l) add(*sumParts_[l], sums_[l]);
  for (std::size_t p = 0; p < pairs_.size(); ++p) add(*productParts_[p], products_[p]);
  pending_ = 0;
}

void Moments::add(const Tensor& part, std::span<double> to) {
  scratch_.resize(to.size());
  machine_.backend().download(part, std::span<double>(scratch_));
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += scratch_[i];
}

}  // namespace boltzkit
