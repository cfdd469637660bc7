#include "likelihood/annealed.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/progress.hpp"

namespace boltzkit {

Annealer::Annealer(AnnealingPath& path, std::vector<double> betas)
    : path_(path),
      betas_(std::move(betas)),
      from_(path.point(0)),
      to_(path.point(0)),
      means_(betas_.size() - 1, 0.0),
      squares_(betas_.size() - 1, 0.0) {}

void Annealer::forward(States& states, const Round& given, const Cancelled& cancelled, std::span<double> logWeights) {
  Round round = given;
  std::fill(logWeights.begin(), logWeights.end(), 0.0);
  std::vector<double> before(logWeights.size());
  path_.follow(true);
  path_.drawBase(states, round);
  path_.move(from_, betas_.front());
  for (std::size_t k = 1; k < betas_.size(); ++k) {
    throwIfCancelled(cancelled);
    Progress::report(static_cast<double>(k - 1), static_cast<double>(betas_.size() - 1));
    ++round.stream.step;
    path_.load(states);
    path_.move(to_, betas_[k]);
    if (recording_) std::copy(logWeights.begin(), logWeights.end(), before.begin());
    path_.addIncrements(from_, to_, logWeights);
    if (recording_) record(k - 1, before, logWeights);
    if (k + 1 < betas_.size()) path_.step(to_, states, round, false);
    std::swap(from_, to_);
  }
  path_.addRounding(states, 1, logWeights);
  path_.follow(false);
  if (recording_) recorded_ += static_cast<double>(logWeights.size());
}

void Annealer::reverse(States& states, const Round& given, const Cancelled& cancelled, std::span<double> logWeights) {
  Round round = given;
  std::fill(logWeights.begin(), logWeights.end(), 0.0);
  path_.follow(true);
  path_.load(states);
  path_.addRounding(states, -1, logWeights);
  path_.move(from_, betas_.back());
  for (std::size_t k = betas_.size() - 1; k > 0; --k) {
    throwIfCancelled(cancelled);
    Progress::report(static_cast<double>(betas_.size() - 1 - k), static_cast<double>(betas_.size() - 1));
    ++round.stream.step;
    path_.move(to_, betas_[k - 1]);
    path_.addIncrements(from_, to_, logWeights);
    if (k > 1) {
      path_.step(to_, states, round, true);
      path_.load(states);
    }
    std::swap(from_, to_);
  }
  path_.follow(false);
}

void Annealer::record(std::size_t k, std::span<const double> before, std::span<const double> after) {
  for (std::size_t r = 0; r < after.size(); ++r) {
    const double increment = after[r] - before[r];
    means_[k] += increment;
    squares_[k] += increment * increment;
  }
}

std::vector<double> Annealer::incrementVariances() const {
  std::vector<double> variances;
  for (std::size_t k = 0; k < means_.size(); ++k) {
    const double mean = means_[k] / recorded_;
    variances.push_back(std::max(0.0, squares_[k] / recorded_ - mean * mean));
  }
  return variances;
}

std::vector<double> usualTemperatures(std::size_t n) {
  constexpr double shares[] = {500.0 / 14500, 4500.0 / 14500, 1}, ends[] = {0.5, 0.9, 1};
  std::vector<double> betas{0};
  for (std::size_t k = 1; k + 1 < n; ++k) {
    const double place = static_cast<double>(k) / static_cast<double>(n - 1);
    std::size_t part = 0;
    while (place > shares[part]) ++part;
    const double low = part ? shares[part - 1] : 0, from = part ? ends[part - 1] : 0;
    betas.push_back(from + (ends[part] - from) * (place - low) / (shares[part] - low));
  }
  betas.push_back(1);
  return betas;
}

std::vector<double> equalisedTemperatures(std::span<const double> betas, std::span<const double> variances, std::size_t n) {
  constexpr double even = 0.1;  // share that is uniform in beta
  std::vector<double> length{0};
  for (const double v : variances) length.push_back(length.back() + std::sqrt(v));
  const double whole = length.back();
  for (std::size_t k = 0; k < length.size(); ++k) length[k] = (whole > 0 ? (1 - even) * length[k] / whole : 0) + even * betas[k];
  std::vector<double> chosen{0};
  for (std::size_t i = 1, k = 1; i + 1 < n; ++i) {
    const double place = length.back() * static_cast<double>(i) / static_cast<double>(n - 1);
    while (k + 1 < length.size() && length[k] < place) ++k;
    const double part = (place - length[k - 1]) / (length[k] - length[k - 1]);
    chosen.push_back(betas[k - 1] + part * (betas[k] - betas[k - 1]));
  }
  chosen.push_back(1);
  return chosen;
}

void requireTemperatures(std::span<const double> betas) {
  if (betas.size() < 2)
    throw parameterError("`betas` must hold at least two inverse temperatures, 0 and 1, got " + std::to_string(betas.size()));
  if (betas.front() != 0 || betas.back() != 1)
    throw parameterError("`betas` must begin at 0 and end at 1, got " + decimal(betas.front()) + " and " + decimal(betas.back()));
  for (std::size_t k = 1; k < betas.size(); ++k)
    if (!(betas[k] > betas[k - 1]))
      throw parameterError("`betas` must rise strictly, got " + decimal(betas[k]) + " after " + decimal(betas[k - 1]) + " at place " +
                           std::to_string(k));
  if (betas[1] < 1e-9) throw parameterError("`betas` above 0 must be at least 1e-9, got " + decimal(betas[1]));
}

}  // namespace boltzkit
