#include "ratings/softmax_trainer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include "core/progress.hpp"

namespace boltzkit::ratings {
namespace {

// Hidden biases get a gradient from every case, so they move more slowly.
constexpr double hiddenShare = 0.3;
// Rows with this many entries decay as fast as the options say; others by the square root of it.
constexpr double usualEntries = 100;

std::size_t visiblesOf(const RatedEntries& entries, bool byItem) { return byItem ? entries.users() : entries.items(); }

SoftmaxSpec fitted(SoftmaxSpec spec, const RatedEntries& entries, bool byItem) {
  spec.visibles = visiblesOf(entries, byItem);
  return spec;
}

void checkOptions(const SoftmaxOptions& o) {
  const auto refuse = [](const char* name, const char* expected, double got) {
    throw parameterError("`" + std::string(name) + "` must be " + expected + ", got " + decimal(got));
  };
  if (o.batch < 1) refuse("batch", "at least 1", static_cast<double>(o.batch));
  for (const std::size_t sweeps : {o.firstSweeps, o.lastSweeps})
    if (sweeps < 1 || sweeps > 255) refuse("sweeps", "from 1 to 255", static_cast<double>(sweeps));
  for (const double rate : {o.rate, o.lastRate})
    if (!(rate > 0) || !std::isfinite(rate)) refuse("rate", "a positive number", rate);
  if (!(o.momentum >= 0 && o.momentum < 1)) refuse("momentum", "in [0, 1)", o.momentum);
  if (o.decay.empty()) refuse("decay", "at least one number", 0);
  for (const double decay : o.decay)
    if (!(decay >= 0) || !std::isfinite(decay)) refuse("decay", "at least 0", decay);
  if (!(o.averaged >= 0 && o.averaged <= 1)) refuse("averaged", "in [0, 1]", o.averaged);
  if (!(o.prior > 0) || !std::isfinite(o.prior)) refuse("prior", "a positive number", o.prior);
  if (!(o.weightScale >= 0) || !std::isfinite(o.weightScale)) refuse("weightScale", "at least 0", o.weightScale);
  if (o.algorithm == SoftmaxAlgorithm::persistent && o.means)
    throw parameterError("persistent chains hold draws, so `means` must be false");
}

// Standard normal numbers, two from each pair of words (Box and Muller 1958).
void fillNormal(std::uint64_t seed, std::uint32_t row, std::size_t n, float scale, float* out) {
  const Stream stream{seed, Purpose::initialise, 0, 0};
  for (std::size_t j = 0; j < n; j += 2) {
    const Words4 words = streamWords(stream, row, static_cast<std::uint32_t>(j / 2));
    const double radius = std::sqrt(-2 * std::log(1 - uniform<double>(words.w[0]))),
                 angle = 2 * std::numbers::pi * uniform<double>(words.w[1]);
    out[j] = scale * static_cast<float>(radius * std::cos(angle));
    if (j + 1 < n) out[j + 1] = scale * static_cast<float>(radius * std::sin(angle));
  }
}

// Far beyond what parameters of a machine over ratings mean: steps that reach it have run away.
constexpr float mostParameter = 1e4f;

bool sane(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::abs(x) < mostParameter; });
}

}  // namespace

SoftmaxTrainer::SoftmaxTrainer(std::shared_ptr<const RatedEntries> entries, const SoftmaxSpec& spec, const SoftmaxOptions& options)
    : entries_(std::move(entries)),
      options_((checkOptions(options), options)),
      machine_(fitted(spec, *entries_, options.byItem)),
      team_(options.threads),
      weightVelocity_(machine_.weights().size()),
      hiddenVelocity_(machine_.stride()),
      centre_(machine_.rowSize()),
      biasVelocity_(machine_.visibleBias().size()),
      reached_(machine_.visibles()),
      batch_(side(), machine_, categoryOfCode_, options.batch) {
  mapCategories();
  counts_.assign(machine_.visibles(), 0);
  for (std::uint32_t r = 0; r < side().rows(); ++r) {
    if (side().size(r) > 0) cases_.push_back(r);
    for (const std::uint32_t visible : side().row(r).columns) ++counts_[visible];
  }
  startBiases();
  startWeights();
  if (options_.algorithm == SoftmaxAlgorithm::persistent)
    for (std::size_t r = 0; r < side().rows(); ++r) {
      const EntryRows::Row row = side().row(r);
      for (std::size_t e = 0; e < row.size(); ++e) chains_.push_back(categoryOfCode_[row.codes[e]]);
    }
  travel_.push_back(0);
  slowed_.push_back(1);
  double far = 0, left = 1;
  for (std::size_t n = 0; n <= cases_.size() / options_.batch + 1; ++n) {
    far = options_.momentum * (1 + far);
    left *= options_.momentum;
    travel_.push_back(static_cast<float>(far));
    slowed_.push_back(static_cast<float>(left));
  }
  for (unsigned t = 0; t < team_.threads(); ++t) {
    scratch_.emplace_back(machine_);
    gradients_.emplace_back(machine_.rowSize());
  }
}

// Which category each code of the entries is. Every value of the entries must be on the scale.
void SoftmaxTrainer::mapCategories() {
  const std::vector<double>& scale = machine_.spec().values;
  const std::span<const float> values = entries_->values();
  if (entries_->entries() > 0 && values.empty())
    throw parameterError("the ratings have more than 256 distinct values, the scale has " + std::to_string(scale.size()));
  for (std::size_t code = 0; code < values.size(); ++code) {
    const auto place = std::find_if(scale.begin(), scale.end(), [&](double value) { return static_cast<float>(value) == values[code]; });
    if (place == scale.end()) throw parameterError("the rating " + decimal(values[code]) + " is not on the scale");
    categoryOfCode_[code] = static_cast<std::uint8_t>(place - scale.begin());
  }
}

// Log frequencies of the categories among a visible's entries, with `prior` entries of the average
// visible beside them; of the average one, with one entry in each category.
void SoftmaxTrainer::startBiases() {
  const std::size_t k = machine_.categories();
  std::vector<double> own(machine_.visibles() * k), all(k, 1.0);
  for (std::size_t r = 0; r < side().rows(); ++r) {
    const EntryRows::Row row = side().row(r);
    for (std::size_t e = 0; e < row.size(); ++e) {
      ++own[row.columns[e] * k + categoryOfCode_[row.codes[e]]];
      ++all[categoryOfCode_[row.codes[e]]];
    }
  }
  const double total = std::accumulate(all.begin(), all.end(), 0.0);
  for (std::size_t i = 0; i < machine_.visibles(); ++i)
    for (std::size_t c = 0; c < k; ++c)
      machine_.visibleBias()[i * k + c] =
          static_cast<float>(std::log((own[i * k + c] + options_.prior * all[c] / total) / (counts_[i] + options_.prior)));
}

void SoftmaxTrainer::startWeights() {
  const std::size_t size = machine_.rowSize();
  for (std::uint32_t i = 0; i < machine_.visibles(); ++i) {
    float* row = machine_.weights().data() + i * size;
    fillNormal(options_.seed, i, size, static_cast<float>(options_.weightScale), row);
    for (std::size_t j = 0; j < size; ++j) row[j] *= machine_.alive()[j % machine_.stride()];
  }
}

void SoftmaxTrainer::adopt(const SoftmaxMachine& older) {
  if (older.rowSize() != machine_.rowSize() || older.hidden() != machine_.hidden() || older.categories() != machine_.categories())
    throw shapeError("the older machine has other hidden units, components or categories");
  if (older.visibles() > machine_.visibles())
    throw shapeError("the older machine has " + std::to_string(older.visibles()) + " visibles, the ratings have " +
                     std::to_string(machine_.visibles()));
  std::copy(older.weights().begin(), older.weights().end(), machine_.weights().begin());
  std::copy(older.visibleBias().begin(), older.visibleBias().end(), machine_.visibleBias().begin());
  machine_.hiddenBias() = older.hiddenBias();
  // Visibles that are new begin as the average one, not at random.
  const LineFloats middle = meanRow(older.weights());
  for (std::size_t i = older.visibles(); i < machine_.visibles(); ++i)
    std::copy(middle.begin(), middle.end(), machine_.weights().begin() + static_cast<std::ptrdiff_t>(i * machine_.rowSize()));
}

// Fisher and Yates (Knuth, TAOCP vol. 2, algorithm 3.4.2 P).
std::vector<std::uint32_t> SoftmaxTrainer::order() const {
  std::vector<std::uint32_t> order = cases_;
  const Stream stream{options_.seed, Purpose::shuffle, 0, epoch_};
  for (std::size_t n = order.size(); n > 1; --n) {
    const Words4 words = streamWords(stream, 0, static_cast<std::uint32_t>(n));
    const std::uint64_t word = static_cast<std::uint64_t>(words.w[0]) << 32 | words.w[1];
    std::swap(order[n - 1], order[word % n]);
  }
  return order;
}

// The mean of the rows of visibles, each with the square root of its number of entries as its weight.
LineFloats SoftmaxTrainer::meanRow(const LineFloats& weights) const {
  const std::size_t size = machine_.rowSize(), visibles = weights.size() / size;
  std::vector<double> sums(size);
  double total = 0;
  for (std::size_t i = 0; i < visibles; ++i) {
    const double weight = std::sqrt(static_cast<double>(counts_[i]));
    if (weight == 0) continue;
    total += weight;
    for (std::size_t j = 0; j < size; ++j) sums[j] += weight * static_cast<double>(weights[i * size + j]);
  }
  LineFloats mean(size);
  if (total > 0)
    for (std::size_t j = 0; j < size; ++j) mean[j] = static_cast<float>(sums[j] / total);
  return mean;
}

double SoftmaxTrainer::rateNow() const {
  const double done = options_.epochs > 1 ? static_cast<double>(epoch_) / static_cast<double>(options_.epochs - 1) : 0;
  return options_.rate * std::pow(options_.lastRate / options_.rate, done);
}

std::size_t SoftmaxTrainer::sweepsNow() const {
  const double done = options_.epochs > 1 ? static_cast<double>(epoch_) / static_cast<double>(options_.epochs - 1) : 0;
  const double first = static_cast<double>(options_.firstSweeps), last = static_cast<double>(options_.lastSweeps);
  return static_cast<std::size_t>(std::lround(first + (last - first) * done));
}

void SoftmaxTrainer::checkWhole() const {
  if (torn_) throw parameterError("the training was cancelled in the middle of an epoch; restore a state first");
}

void SoftmaxTrainer::run(std::size_t epochs, const Cancelled& cancelled) {
  checkWhole();
  const Interruptible here(cancelled);
  const std::size_t last = std::min(options_.epochs, epoch_ + epochs), first = epoch_;
  while (epoch_ < last) {
    const double all = static_cast<double>(last - first);
    const Progress part(static_cast<double>(epoch_ - first) / all, static_cast<double>(epoch_ + 1 - first) / all);
    torn_ = true;
    runEpoch();
    torn_ = false;
  }
}

void SoftmaxTrainer::runEpoch() {
  const std::vector<std::uint32_t> order = this->order();
  const double rate = rateNow();
  const std::size_t sweeps = sweepsNow();
  centre_ = meanRow(machine_.weights());
  std::fill(reached_.begin(), reached_.end(), 0);
  step_ = 0;
  for (std::size_t at = 0; at < order.size(); at += options_.batch) {
    Interruptible::poll();
    update(std::span(order).subspan(at, std::min(options_.batch, order.size() - at)), sweeps, rate);
    Progress::report(static_cast<double>(at + options_.batch), static_cast<double>(order.size()));
  }
  endEpoch();
}

void SoftmaxTrainer::update(std::span<const std::uint32_t> cases, std::size_t sweeps, double rate) {
  batch_.take(cases);
  const std::size_t stride = machine_.stride();
  const std::vector<std::uint32_t>& touched = batch_.touched();
  constexpr std::size_t together = 8;
  const std::size_t tiles = (touched.size() + together - 1) / together;
  team_.parallelFor(tiles, [&](std::size_t tile, unsigned) {
    for (std::size_t t = tile * together; t < std::min((tile + 1) * together, touched.size()); ++t) coast(touched[t], step_);
  });
  team_.parallelFor(cases.size(), [&](std::size_t b, unsigned thread) {
    const EntryRows::Row row = side().row(cases[b]);
    const std::size_t first = batch_.first(b);
    runPhases(machine_, sweeps, options_.means, options_.seed, update_, cases[b],
              {.visibles = row.columns,
               .categories = batch_.categories.data() + first,
               .chain = chains_.empty() ? nullptr : chains_.data() + side().begin(cases[b]),
               .dataMeans = batch_.dataMeans.data() + b * stride,
               .modelMeans = batch_.modelMeans.data() + b * stride,
               .modelFactors = batch_.factors.data() + first * machine_.components(),
               .modelMasses = batch_.masses.data() + first * machine_.categories()},
              scratch_[thread]);
  });
  team_.parallelFor(tiles, [&](std::size_t tile, unsigned thread) {
    for (std::size_t t = tile * together; t < std::min((tile + 1) * together, touched.size()); ++t)
      stepVisible(touched[t], rate, gradients_[thread].data());
  });
  stepHidden(rate);
  ++update_;
  ++step_;
}

void SoftmaxTrainer::stepVisible(std::uint32_t visible, double rate, float* gradient) {
  const std::size_t k = machine_.categories(), components = machine_.components(), stride = machine_.stride();
  float biasGradient[mostCategories] = {};
  for (std::uint32_t e = batch_.head(visible); e != SoftmaxBatch::none; e = batch_.next(e)) {
    const std::size_t b = batch_.caseOf(e) * stride, category = batch_.categories[e];
    machine_.kernels().addOuter(machine_.factorsOf(category), batch_.dataMeans.data() + b, batch_.factors.data() + e * components,
                                batch_.modelMeans.data() + b, components, stride, gradient);
    for (std::size_t c = 0; c < k; ++c) biasGradient[c] += (c == category ? 1.0f : 0.0f) - batch_.masses[e * k + c];
  }
  const float momentum = static_cast<float>(options_.momentum), pace = static_cast<float>((1 - options_.momentum) * rate);
  const std::size_t place = visible * machine_.rowSize();
  const double pull = rate * std::sqrt(usualEntries / counts_[visible]);
  for (std::size_t c = 0; c < components; ++c) {
    const std::size_t degree = c + 1 - machine_.silent(), at = place + c * stride;
    const double decay = options_.decay[std::min(degree, options_.decay.size() - 1)];
    machine_.kernels().step(machine_.weights().data() + at, weightVelocity_.data() + at, gradient + c * stride, centre_.data() + c * stride,
                            stride, momentum, pace, static_cast<float>(std::max(0.0, 1 - pull * decay)));
  }
  for (std::size_t c = 0; c < k; ++c) {
    float& velocity = biasVelocity_[visible * k + c];
    velocity = momentum * velocity + pace * biasGradient[c];
    machine_.visibleBias()[visible * k + c] += velocity;
  }
  reached_[visible] = static_cast<std::uint32_t>(step_ + 1);
}

void SoftmaxTrainer::stepHidden(double rate) {
  const std::size_t stride = machine_.stride();
  const float momentum = static_cast<float>(options_.momentum), pace = static_cast<float>((1 - options_.momentum) * rate * hiddenShare);
  for (std::size_t j = 0; j < machine_.hidden(); ++j) {
    float gradient = 0;
    for (std::size_t b = 0; b < batch_.cases().size(); ++b)
      gradient += batch_.dataMeans[b * stride + j] - batch_.modelMeans[b * stride + j];
    hiddenVelocity_[j] = momentum * hiddenVelocity_[j] + pace * gradient;
    machine_.hiddenBias()[j] += hiddenVelocity_[j];
  }
}

void SoftmaxTrainer::coast(std::uint32_t visible, std::size_t to) {
  const std::size_t n = to - reached_[visible], size = machine_.rowSize(), k = machine_.categories();
  if (n == 0) return;
  machine_.kernels().coast(machine_.weights().data() + visible * size, weightVelocity_.data() + visible * size, size, travel_[n],
                           slowed_[n]);
  for (std::size_t at = visible * k; at < (visible + 1) * k; ++at) {
    machine_.visibleBias()[at] += travel_[n] * biasVelocity_[at];
    biasVelocity_[at] *= slowed_[n];
  }
  reached_[visible] = static_cast<std::uint32_t>(to);
}

void SoftmaxTrainer::endEpoch() {
  constexpr std::size_t together = 64;
  const std::size_t visibles = machine_.visibles();
  team_.parallelFor((visibles + together - 1) / together, [&](std::size_t tile, unsigned) {
    for (std::size_t i = tile * together; i < std::min((tile + 1) * together, visibles); ++i) coast(static_cast<std::uint32_t>(i), step_);
  });
  ++epoch_;
  if (!sane(machine_.weights()) || !sane(machine_.visibleBias()) || !sane(machine_.hiddenBias()))
    throw Error(ErrorCode::divergence, "parameters ran away in epoch " + std::to_string(epoch_) + "; a lower rate may help");
  if (static_cast<double>(options_.epochs - epoch_) < options_.averaged * static_cast<double>(options_.epochs)) average();
}

void SoftmaxTrainer::average() {
  if (averagedEpochs_++ == 0) {
    weightMean_ = machine_.weights();
    biasMean_ = machine_.visibleBias();
    hiddenMean_ = machine_.hiddenBias();
    return;
  }
  const float weight = 1.0f / static_cast<float>(averagedEpochs_);
  machine_.kernels().approach(weightMean_.data(), machine_.weights().data(), weightMean_.size(), weight);
  machine_.kernels().approach(hiddenMean_.data(), machine_.hiddenBias().data(), hiddenMean_.size(), weight);
  for (std::size_t i = 0; i < biasMean_.size(); ++i) biasMean_[i] += weight * (machine_.visibleBias()[i] - biasMean_[i]);
}

std::shared_ptr<const SoftmaxMachine> SoftmaxTrainer::machine() const {
  checkWhole();
  auto result = std::make_shared<SoftmaxMachine>(machine_);
  if (averagedEpochs_ > 0) {
    result->weights() = weightMean_;
    result->visibleBias() = biasMean_;
    result->hiddenBias() = hiddenMean_;
  }
  const LineFloats middle = meanRow(result->weights());
  for (std::size_t i = 0; i < machine_.visibles(); ++i)
    if (counts_[i] == 0)
      std::copy(middle.begin(), middle.end(), result->weights().begin() + static_cast<std::ptrdiff_t>(i * machine_.rowSize()));
  return result;
}

SoftmaxState SoftmaxTrainer::state() const {
  checkWhole();
  return {epoch_,        update_,   averagedEpochs_,       machine_.weights(), weightVelocity_, weightMean_, machine_.visibleBias(),
          biasVelocity_, biasMean_, machine_.hiddenBias(), hiddenVelocity_,    hiddenMean_,     chains_};
}

void SoftmaxTrainer::restore(const SoftmaxState& state) {
  const auto same = [](std::size_t got, std::size_t expected, const char* name) {
    if (got != expected)
      throw shapeError("`" + std::string(name) + "` must hold " + std::to_string(expected) + " values, got " + std::to_string(got));
  };
  const bool averaged = state.averagedEpochs > 0;
  same(state.weights.size(), machine_.weights().size(), "weights");
  same(state.weightVelocity.size(), machine_.weights().size(), "weightVelocity");
  same(state.weightMean.size(), averaged ? machine_.weights().size() : 0, "weightMean");
  same(state.bias.size(), machine_.visibleBias().size(), "bias");
  same(state.biasVelocity.size(), machine_.visibleBias().size(), "biasVelocity");
  same(state.biasMean.size(), averaged ? machine_.visibleBias().size() : 0, "biasMean");
  same(state.hiddenBias.size(), machine_.stride(), "hiddenBias");
  same(state.hiddenVelocity.size(), machine_.stride(), "hiddenVelocity");
  same(state.hiddenMean.size(), averaged ? machine_.stride() : 0, "hiddenMean");
  same(state.chains.size(), chains_.size(), "chains");
  if (state.epoch > options_.epochs)
    throw parameterError("`epoch` must be from 0 to " + std::to_string(options_.epochs) + ", got " + std::to_string(state.epoch));
  for (const std::uint8_t k : state.chains)
    if (k >= machine_.categories()) throw parameterError("`chains` must hold categories below " + std::to_string(machine_.categories()));
  machine_.weights() = state.weights;
  machine_.visibleBias() = state.bias;
  machine_.hiddenBias() = state.hiddenBias;
  weightVelocity_ = state.weightVelocity;
  biasVelocity_ = state.biasVelocity;
  hiddenVelocity_ = state.hiddenVelocity;
  weightMean_ = state.weightMean;
  biasMean_ = state.biasMean;
  hiddenMean_ = state.hiddenMean;
  chains_ = state.chains;
  epoch_ = state.epoch;
  update_ = state.update;
  averagedEpochs_ = state.averagedEpochs;
  torn_ = false;
}

std::size_t SoftmaxTrainer::bytes() const {
  return machine_.bytes() * 2 + (weightMean_.size() + biasMean_.size()) * sizeof(float) + chains_.size();
}

}  // namespace boltzkit::ratings
