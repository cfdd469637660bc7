#include "learning/negative/reservoirs.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "learning/negative/uncoupled_base.hpp"
#include "machine/normalisable.hpp"

namespace boltzkit {
namespace {

constexpr float followRate = 0.25f;          // rate of the running mean of acceptances
constexpr std::uint64_t sweepsOfBridge = 4;  // between two rungs of a bridge
constexpr double smallestStep = 1.0 / 1024;  // smallest step along a bridge

// Exchanges the parameters of the frozen machine with those of a rung, during its lifetime.
class ScopedParameters {
 public:
  ScopedParameters(Machine& frozen, Machine::ParameterSet& parameters) : frozen_(frozen), parameters_(parameters) {
    frozen_.exchange(parameters_);
  }
  ~ScopedParameters() { frozen_.exchange(parameters_); }
  ScopedParameters(const ScopedParameters&) = delete;
  ScopedParameters& operator=(const ScopedParameters&) = delete;

 private:
  Machine& frozen_;
  Machine::ParameterSet& parameters_;
};

// Maps any value of a damaged file to a valid small number.
std::size_t placeOf(float value) { return value >= 0 && value < 1e6f ? static_cast<std::size_t>(value) : 0; }

std::string nameOf(std::size_t k, const std::string& what) { return "reservoir" + std::to_string(k) + '/' + what; }

}  // namespace

double meanAcceptance(std::span<const double> lower, std::span<const double> upper) {
  double sum = 0;
  for (std::size_t c = 0; c < lower.size(); ++c) sum += std::min(1.0, std::exp(lower[c] - upper[c]));
  return std::isfinite(sum) ? sum / static_cast<double>(lower.size()) : 0;
}

Reservoirs::Reservoirs(Machine& current, std::vector<bool> kept, std::size_t chains, std::size_t most)
    : current_(current),
      backend_(current.backend()),
      kept_(std::move(kept)),
      chains_(chains),
      most_(most),
      frozen_(current.twin()),
      gibbs_(*frozen_, std::vector<bool>(kept_.size(), false), chains),
      currentGibbs_(current, kept_, chains),
      frozenEnergies_(*frozen_, kept_, chains),
      currentEnergies_(current, kept_, chains),
      sums_(backend_.doubles(chains)),
      accepted_(backend_.tensor(chains, 1)),
      summary_(backend_.tensor(most + 1, 3)) {
  for (std::size_t l = 0; l < kept_.size(); ++l) {
    ones_.push_back(kept_[l] ? backend_.tensor(1, current.places(l)) : nullptr);
    masks_.push_back(kept_[l] ? backend_.tensor(chains, current.places(l)) : nullptr);
    previous_.push_back(kept_[l] ? backend_.tensor(chains, current.places(l)) : nullptr);
    if (kept_[l]) backend_.fill(1, *ones_[l]);
  }
}

std::unique_ptr<Reservoirs::Rung> Reservoirs::newRung(Machine::ParameterSet parameters) const {
  return std::make_unique<Rung>(
      Rung{std::move(parameters), States(current_, chains_), LadderLink(chains_), backend_.tensor(2 * linkVisits, chains_)});
}

void Reservoirs::begin(States& current, const LayerData& data, double acceptance) {
  rungs_.clear();
  rungs_.push_back(newRung(uncoupledBase(current_, data)));
  copyKept(current, latest().states);
  drawWithoutField(latest(), current_.random().next(Purpose::chainStart));
  bridge(current, acceptance);
}

void Reservoirs::copyKept(const States& from, States& to) const {
  for (std::size_t l = 0; l < kept_.size(); ++l)
    if (kept_[l]) backend_.axpby(1, from[l], 0, to[l]);
}

// --- draws ---------------------------------------------------------------------------------------

void Reservoirs::sweep(std::size_t k, const Stream& stream) {
  if (k == 0) return drawWithoutField(*rungs_[0], stream);
  sweepRung(*rungs_[k], {stream});
}

void Reservoirs::sweepRung(Rung& rung, Round round) {
  const ScopedParameters scoped(*frozen_, rung.parameters);
  for (const bool kept : {false, true})
    for (const std::vector<std::size_t>& block : gibbs_.blocks())
      for (const std::size_t layer : block)
        if (kept_[layer] == kept) gibbs_.update(layer, rung.states, round, nullptr, &rung.states[layer]);
}

void Reservoirs::drawWithoutField(Rung& rung, Stream stream) {
  const ScopedParameters scoped(*frozen_, rung.parameters);
  for (std::size_t l = 0; l < kept_.size(); ++l)
    if (kept_[l]) boltzkit::drawWithoutField(backend_, frozen_->unitsOf(l), l, stream, 0, rung.states[l]);
}

void Reservoirs::completeCurrent(States& current, const Stream& stream) {
  for (std::size_t l = 0; l < kept_.size(); ++l)
    if (!kept_[l]) currentGibbs_.update(l, current, {stream}, nullptr, &current[l]);
}

// --- swaps ---------------------------------------------------------------------------------------

// -log p*: free energies if layers are summed out, else energies.
std::vector<double> Reservoirs::under(Rung* rung, const States& states) {
  if (rung) {
    const ScopedParameters scoped(*frozen_, rung->parameters);
    frozenEnergies_.compute(states, *sums_);
  } else {
    currentEnergies_.compute(states, *sums_);
  }
  std::vector<double> values(chains_);
  backend_.read(*sums_, values);
  return values;
}

Reservoirs::Differences Reservoirs::compare(Rung& lower, Rung* upper, const States& states) {
  Differences u{under(&lower, lower.states), under(&lower, states)};
  const std::vector<double> a = under(upper, lower.states), b = under(upper, states);
  std::transform(u.lower.begin(), u.lower.end(), a.begin(), u.lower.begin(), std::minus<>());
  std::transform(u.upper.begin(), u.upper.end(), b.begin(), u.upper.begin(), std::minus<>());
  return u;
}

// Compares rung k with the one above it.
Reservoirs::Differences Reservoirs::compare(std::size_t k, const States& current) {
  if (k + 1 == rungs_.size()) return compare(*rungs_[k], nullptr, current);
  return compare(*rungs_[k], rungs_[k + 1].get(), rungs_[k + 1]->states);
}

double Reservoirs::swap(std::size_t k, States& current, const Stream& stream) {
  const bool top = k + 1 == rungs_.size();
  const Differences u = compare(k, current);
  std::vector<float> accepted(chains_, 0.0f);
  for (std::size_t c = 0; c < chains_; ++c) {
    const double draw = uniform<double>(streamWords(stream, static_cast<std::uint32_t>(c), 0).w[0]);
    accepted[c] = draw < std::exp(u.lower[c] - u.upper[c]) ? 1.0f : 0.0f;
  }
  exchange(rungs_[k]->states, top ? current : rungs_[k + 1]->states, accepted);
  if (!top) rungs_[k]->link.add(u.lower, u.upper);
  const double mean = meanAcceptance(u.lower, u.upper);
  rungs_[k]->acceptance += followRate * (static_cast<float>(mean) - rungs_[k]->acceptance);
  return mean;
}

// Exchanges the rows whose entry in `accepted` is 1.
void Reservoirs::exchange(States& a, States& b, const std::vector<float>& accepted) {
  backend_.upload(std::span<const float>(accepted), *accepted_);
  for (std::size_t l = 0; l < kept_.size(); ++l) {
    if (!kept_[l]) continue;
    const FieldTerm spread{accepted_.get(), ones_[l].get()};
    backend_.fields(std::span(&spread, 1), false, *masks_[l]);
    backend_.axpby(1, a[l], 0, *previous_[l]);
    backend_.clamp(*masks_[l], b[l], a[l]);
    backend_.clamp(*masks_[l], *previous_[l], b[l]);
  }
}

// --- rungs ---------------------------------------------------------------------------------------

void Reservoirs::freeze(const States& current) {
  const Differences u = compare(rungs_.size() - 1, current);
  latest().link.add(u.lower, u.upper);
  rungs_.push_back(newRung(current_.copyParameters()));
  copyKept(current, latest().states);
  if (rungs_.size() > most_) thinOut();
}

// Drops the rung, neither first nor last, whose neighbours are expected to accept each other's
// states most. The product of its two acceptances estimates this.
void Reservoirs::thinOut() {
  std::size_t least = 1;
  auto passable = [&](std::size_t k) { return rungs_[k - 1]->acceptance * rungs_[k]->acceptance; };
  for (std::size_t k = 2; k + 1 < rungs_.size(); ++k)
    if (passable(k) > passable(least)) least = k;
  rungs_.erase(rungs_.begin() + static_cast<std::ptrdiff_t>(least));
  Rung& below = *rungs_[least - 1];
  // There is a rung above, so the states of the current model are not used.
  const Differences u = compare(least - 1, below.states);
  below.link.clear();
  below.link.add(u.lower, u.upper);
  below.acceptance = static_cast<float>(meanAcceptance(u.lower, u.upper));
}

// to = (1 - t) from + t current
void Reservoirs::between(const Machine::ParameterSet& from, double t, Machine::ParameterSet& to) const {
  for (std::size_t c = 0; c < to.weights.size(); ++c) {
    backend_.axpby(1 - t, *from.weights[c], 0, *to.weights[c]);
    backend_.axpby(t, current_.weights(c), 1, *to.weights[c]);
  }
  for (std::size_t l = 0; l < to.units.size(); ++l) {
    backend_.axpby(1 - t, *from.units[l], 0, *to.units[l]);
    backend_.axpby(t, current_.unitParameters(l), 1, *to.units[l]);
  }
}

bool Reservoirs::normalisable(Rung& rung) {
  const ScopedParameters scoped(*frozen_, rung.parameters);
  return Normalisable(*frozen_).holds();
}

// Returns a rung at fraction t of the line. Its chains start from those of the latest rung and are
// swept.
std::unique_ptr<Reservoirs::Rung> Reservoirs::rungBetween(const Machine::ParameterSet& from, double t) {
  std::unique_ptr<Rung> rung = newRung(current_.copyParameters());
  between(from, t, rung->parameters);
  copyKept(latest().states, rung->states);
  Stream stream = current_.random().next(Purpose::negative, sweepsOfBridge);
  for (std::uint64_t s = 0; s < sweepsOfBridge; ++s, ++stream.step) sweepRung(*rung, {stream});
  return rung;
}

void Reservoirs::bridge(States& current, double acceptance) {
  const Rung& from = latest();
  for (double t = 0, step = 1;;) {
    const double next = std::min(1.0, t + step);
    std::unique_ptr<Rung> candidate = rungBetween(from.parameters, next);
    const Differences u = compare(latest(), candidate.get(), candidate->states);
    const double mean = normalisable(*candidate) ? meanAcceptance(u.lower, u.upper) : 0;
    if (mean < acceptance && step > smallestStep) {
      step /= 2;
      continue;
    }
    latest().acceptance = static_cast<float>(mean);
    if (next == 1 || rungs_.size() == most_) return copyKept(candidate->states, current);
    latest().link.add(u.lower, u.upper);
    rungs_.push_back(std::move(candidate));
    t = next;
    step *= 2;
  }
}

// --- log Z ---------------------------------------------------------------------------------------

// The units of the base are independent, so log Z is a sum of cumulants.
double Reservoirs::logPartitionOfBase() {
  const ScopedParameters scoped(*frozen_, rungs_[0]->parameters);
  double sum = 0;
  for (std::size_t l = 0; l < kept_.size(); ++l) {
    if (keepsTotal(current_.wiring().layers()[l].type)) return std::numeric_limits<double>::quiet_NaN();
    const TensorPtr noField = backend_.tensor(1, current_.places(l));
    sum += reduced(backend_, 1, [&](const RowSum& s) { backend_.cumulants(frozen_->unitsOf(l), *noField, 1, nullptr, s); }).front();
  }
  return sum;
}

Reservoirs::LogPartition Reservoirs::logPartition(const States& current) {
  const double base = logPartitionOfBase();
  LogPartition z{base, 0, base, base};
  std::vector<double> influences(chains_, 0.0);
  auto add = [&](const LinkEstimate& link) {
    z.value += link.value;
    z.forward += link.forward;
    z.reverse += link.reverse;
    std::transform(influences.begin(), influences.end(), link.influences.begin(), influences.begin(), std::plus<>());
  };
  for (std::size_t k = 0; k + 1 < rungs_.size(); ++k) add(rungs_[k]->link.estimate());
  const Differences u = compare(rungs_.size() - 1, current);
  add(linkOf(u.lower, u.upper, chains_));
  const double n = static_cast<double>(chains_);
  const double squares = std::inner_product(influences.begin(), influences.end(), influences.begin(), 0.0);
  z.standardError = std::sqrt(squares / n / (n - 1));
  return z;
}

// --- state ---------------------------------------------------------------------------------------

std::map<std::string, Tensor*> Reservoirs::tensors() {
  std::map<std::string, Tensor*> all;
  const std::vector<NamedTensor> parameters = current_.parameters();
  for (std::size_t k = 0; k < rungs_.size(); ++k) {
    const Rung& rung = *rungs_[k];
    for (std::size_t i = 0; i < parameters.size(); ++i)
      all[nameOf(k, parameters[i].name)] = (i < kept_.size() ? rung.parameters.units[i] : rung.parameters.weights[i - kept_.size()]).get();
    for (std::size_t l = 0; l < kept_.size(); ++l)
      if (kept_[l]) all[nameOf(k, "chains/" + current_.wiring().layers()[l].name)] = rung.states.layers[l].get();
    all[nameOf(k, "link")] = rung.linkValues.get();
  }
  if (rungs_.empty()) return all;
  all["reservoirs"] = summary_.get();
  return all;
}

void Reservoirs::settle() {
  std::vector<float> summary;
  for (const std::unique_ptr<Rung>& rung : rungs_) {
    backend_.upload(std::span<const float>(rung->link.values()), *rung->linkValues);
    summary.insert(summary.end(), {rung->acceptance, static_cast<float>(rung->link.filled()), static_cast<float>(rung->link.next())});
  }
  if (summary.empty()) return;
  summary_->setRows(rungs_.size());
  backend_.upload(std::span<const float>(summary), *summary_);
}

std::size_t Reservoirs::countIn(const std::set<std::string>& names) const {
  const std::vector<NamedTensor> parameters = current_.parameters();
  for (std::size_t k = 0;; ++k) {
    bool complete = names.contains(nameOf(k, "link"));
    for (const NamedTensor& p : parameters) complete = complete && names.contains(nameOf(k, p.name));
    for (std::size_t l = 0; l < kept_.size(); ++l)
      complete = complete && (!kept_[l] || names.contains(nameOf(k, "chains/" + current_.wiring().layers()[l].name)));
    if (!complete) return k;
  }
}

void Reservoirs::makeRoom(std::size_t rungs) {
  if (rungs < rungs_.size()) rungs_.resize(rungs);
  while (rungs_.size() < rungs) rungs_.push_back(newRung(current_.copyParameters()));
  if (rungs > summary_->capacity()) summary_ = backend_.tensor(rungs, 3);
  summary_->setRows(rungs);
}

void Reservoirs::restored() {
  if (rungs_.empty()) return;
  std::vector<float> summary(3 * rungs_.size());
  backend_.download(*summary_, std::span<float>(summary));
  for (std::size_t k = 0; k < rungs_.size(); ++k) {
    backend_.download(*rungs_[k]->linkValues, std::span<float>(rungs_[k]->link.values()));
    rungs_[k]->acceptance = summary[3 * k];
    rungs_[k]->link.restore(placeOf(summary[3 * k + 1]), placeOf(summary[3 * k + 2]));
  }
}

}  // namespace boltzkit
