#include "learning/negative/ladder_link.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sampling/sigmoid.hpp"

namespace boltzkit {
namespace {

// log of the mean of exp(side * u).
double logMeanExp(std::span<const double> u, double side) {
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const double x : u) most = std::max(most, side * x);
  for (const double x : u) sum += std::exp(side * x - most);
  return most + std::log(sum / static_cast<double>(u.size()));
}

// Adds sign * (f / mean f - 1), f = sigmoid(side * (u - shift)), of every sample to its column,
// averaged over the visits.
void addInfluences(std::span<const double> u, double side, double shift, double sign, std::vector<double>& out) {
  std::vector<double> sums(out.size(), 0.0);
  double total = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double f = sigmoid(side * (u[i] - shift));
    sums[i % sums.size()] += f;
    total += f;
  }
  const double mean = total / static_cast<double>(sums.size());
  for (std::size_t c = 0; c < sums.size(); ++c) out[c] += sign * (mean > 0 ? sums[c] / mean - 1 : 0);
}

}  // namespace

void LadderLink::add(std::span<const double> from0, std::span<const double> from1) {
  const auto finite = [](double x) { return std::isfinite(static_cast<float>(x)); };
  if (!std::all_of(from0.begin(), from0.end(), finite) || !std::all_of(from1.begin(), from1.end(), finite)) return;
  std::transform(from0.begin(), from0.end(), values_.begin() + static_cast<std::ptrdiff_t>(next_ * columns_),
                 [](double x) { return static_cast<float>(x); });
  std::transform(from1.begin(), from1.end(), values_.begin() + static_cast<std::ptrdiff_t>((linkVisits + next_) * columns_),
                 [](double x) { return static_cast<float>(x); });
  next_ = (next_ + 1) % linkVisits;
  filled_ = std::min(filled_ + 1, linkVisits);
}

void LadderLink::restore(std::size_t filled, std::size_t next) {
  filled_ = std::min(filled, linkVisits);
  next_ = std::min(next, linkVisits - 1);
}

LinkEstimate LadderLink::estimate() const {
  const auto side = [&](std::size_t first) {
    const auto begin = values_.begin() + static_cast<std::ptrdiff_t>(first * columns_);
    return std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(filled_ * columns_));
  };
  return linkOf(side(0), side(linkVisits), columns_);
}

LinkEstimate linkOf(std::span<const double> from0, std::span<const double> from1, std::size_t columns) {
  const LogRatio ratio = bennettRatio(from0, from1);
  LinkEstimate link{ratio.value, std::vector<double>(columns, 0.0), logMeanExp(from0, 1), -logMeanExp(from1, -1)};
  // Both sides have the same number of samples, so the shift in Bennett's sums is the log ratio
  // itself.
  addInfluences(from0, 1, ratio.value, 1, link.influences);
  addInfluences(from1, -1, ratio.value, -1, link.influences);
  return link;
}

}  // namespace boltzkit
