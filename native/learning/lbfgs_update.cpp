#include "learning/lbfgs_update.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "learning/limited_memory.hpp"
#include "learning/line_search.hpp"

namespace boltzkit {
namespace {

const NetworkTrainerOptions& checkedForLbfgs(const NetworkTrainerOptions& o) {
  if (o.l1 != 0) throw parameterError("`l1` does not go with 'lbfgs', which needs a smooth loss; use `l2`");
  if (o.maxNorm != 0) throw parameterError("`maxNorm` does not go with 'lbfgs'; use `l2`");
  for (const double rate : o.rates)
    if (rate != 0 && rate != 1) throw parameterError("`rates` must be 0 or 1 with 'lbfgs', got " + decimal(rate));
  return o;
}

class LbfgsUpdate final : public Update {
 public:
  LbfgsUpdate(Network& network, const NetworkTrainerOptions& options, const NetworkRows& data, const NetworkRows* validation,
              std::vector<double> rowWeights)
      : run_(network, checkedForLbfgs(options), data, validation, std::move(rowWeights), true),
        backend_(network.backend()),
        moving_(movingParameters()),
        memory_(backend_, moving_, run_.options().lbfgs->history),
        gradient_(likeThese(backend_, moving_)),
        nextGradient_(likeThese(backend_, moving_)),
        direction_(likeThese(backend_, moving_)),
        start_(likeThese(backend_, moving_)) {}

  Backend& backend() override { return backend_; }
  RandomSteps& random() override { return run_.network().random(); }
  std::size_t rows() const override { return run_.rows(); }
  std::vector<NamedTensor> parameters() override { return run_.network().parameters(); }
  bool frozen(std::size_t parameter) const override { return run_.options().frozen(parameter); }
  bool prepared() const override { return prepared_; }
  bool takesLong() const override { return true; }
  void prepare(const Cancelled&) override { prepared_ = true; }

  void take(const Batch& batch, std::uint64_t step) override {
    run_.load(batch);
    memory_.clear();
    value_ = evaluate(gradient_);
    if (!std::isfinite(value_))
      throw StepRefused(step, "the loss of update " + std::to_string(step + 1) + " is " + decimal(value_) + " before it");
    for (std::size_t i = 0; i < run_.options().lbfgs->iterations; ++i)
      if (!iterate(rate(step))) break;
    ++updates_;
  }

  void check(std::uint64_t, bool) override {}
  void watch(std::uint64_t, bool) override {}
  void measure(EpochReport& report) override {
    report.learningRate = rate(report.step - 1);
    run_.measure(report);
  }
  std::string remedy() const override { return {}; }
  void setRateFactor(double factor) override { factor_ = factor; }

  std::vector<SavedTensor> tensors() override { return {}; }
  void settle() override {}
  void makeRoomFor(const std::vector<std::string>&) override {}
  void restored() override {}
  std::uint64_t updates() const override { return updates_; }
  void setUpdates(std::uint64_t n) override { updates_ = n; }
  bool sameOptimiser(const TrainerState&) const override { return true; }
  void load(const TrainerState& state, bool resume) override {
    if (resume) prepared_ = state.counters.at("prepared") != 0;
  }

 private:
  std::vector<Tensor*> movingParameters() const {
    std::vector<Tensor*> tensors;
    for (std::size_t i = 0; i < run_.parameters().size(); ++i)
      if (!frozen(i)) tensors.push_back(run_.parameters()[i].tensor);
    return tensors;
  }

  double rate(std::uint64_t step) const {
    const std::vector<double>& rates = run_.options().learningRates;
    return factor_ * rates[std::min<std::uint64_t>(step, rates.size() - 1)];
  }

  // The value of the batch's loss with its decay, and its gradient, at the current parameters.
  double evaluate(TensorList& gradient) {
    Interruptible::poll();
    run_.propagate();
    const std::vector<LayerGradient> uphill = run_.gradients();
    double decay = 0;
    for (std::size_t i = 0, k = 0; i < uphill.size(); ++i) {
      if (frozen(i)) continue;
      Tensor& to = *gradient[k++];
      if (uphill[i].terms.empty()) backend_.axpby(-1, *uphill[i].sum, 0, to);
      for (const StatisticsTerm& t : uphill[i].terms)
        backend_.statistics(*t.a, *t.b, t.rowWeights, -t.alpha, &t == uphill[i].terms.data() ? 0 : 1, to);
      if (run_.options().l2 == 0 || run_.parameters()[i].role != LayerParameter::Role::weights) continue;
      const Tensor& weights = *run_.parameters()[i].tensor;
      backend_.axpby(run_.options().l2, weights, 1, to);
      for (const double x : reduced(backend_, weights.rows(), [&](const RowSum& sum) { backend_.rowDots(weights, weights, sum); }))
        decay += x;
    }
    return run_.loss() + run_.options().l2 / 2 * decay;
  }

  // Parameters = start + step * direction.
  void moveTo(double step) {
    for (std::size_t i = 0; i < moving_.size(); ++i) {
      backend_.axpby(1, *start_[i], 0, *moving_[i]);
      backend_.axpby(step, *direction_[i], 1, *moving_[i]);
    }
  }

  // One iteration; false if no lower point is found.
  bool iterate(double rate) {
    memory_.direct(gradient_, direction_);
    double slope = memory_.dot(gradient_, direction_);
    if (!(slope < 0) && !memory_.empty()) {
      memory_.clear();
      memory_.direct(gradient_, direction_);
      slope = memory_.dot(gradient_, direction_);
    }
    if (!(slope < 0) || rate == 0) return false;
    // The first direction is the gradient, whose length says nothing of the distance.
    const double first = rate * (memory_.empty() ? std::min(1.0, 1 / std::sqrt(-slope)) : 1);
    for (std::size_t i = 0; i < moving_.size(); ++i) backend_.axpby(1, *moving_[i], 0, *start_[i]);
    double evaluated = 0;
    const LinePoint found = LineSearch{}.search({0, value_, slope}, first, [&](double step) {
      moveTo(step);
      evaluated = step;
      const double value = evaluate(nextGradient_);
      return LinePoint{step, value, memory_.dot(nextGradient_, direction_)};
    });
    if (!(found.step > 0) || !(found.value < value_)) {
      moveTo(0);
      if (memory_.empty()) return false;
      memory_.clear();
      return iterate(rate);
    }
    if (evaluated != found.step) {
      moveTo(found.step);
      evaluate(nextGradient_);
    }
    value_ = found.value;
    for (const TensorPtr& t : direction_) backend_.axpby(found.step, *t, 0, *t);
    memory_.combine(-1, gradient_, 0, start_);
    memory_.combine(1, nextGradient_, 1, start_);
    memory_.add(direction_, start_);
    std::swap(gradient_, nextGradient_);
    return true;
  }

  NetworkRun run_;
  Backend& backend_;
  std::vector<Tensor*> moving_;
  LimitedMemory memory_;
  TensorList gradient_, nextGradient_, direction_, start_;
  double value_ = 0, factor_ = 1;
  std::uint64_t updates_ = 0;
  bool prepared_ = false;
};

}  // namespace

std::unique_ptr<Update> lbfgsUpdate(Network& network, const NetworkTrainerOptions& options, const NetworkRows& data,
                                    const NetworkRows* validation, std::vector<double> rowWeights) {
  return std::make_unique<LbfgsUpdate>(network, options, data, validation, std::move(rowWeights));
}

}  // namespace boltzkit
