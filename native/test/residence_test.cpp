// What an update asks of its backend besides work on tensors it has: a GPU pays for each such
// request with a round trip.
#include <memory>
#include <ostream>

#include "fixtures.hpp"
#include "learning/contrastive_update.hpp"
#include "learning/network_update.hpp"
#include "learning/trainer.hpp"
#include "learning/up_down_update.hpp"
#include "networks.hpp"
#include "small_network.hpp"
#include "training.hpp"

namespace boltzkit::test {
namespace {

struct Requests {
  int made = 0, uploads = 0, reads = 0;
  auto operator<=>(const Requests&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Requests& r) {
    return out << r.made << " made, " << r.uploads << " uploads, " << r.reads << " reads";
  }
};

// Passes everything on and counts.
class CountingBackend final : public Backend {
 public:
  explicit CountingBackend(std::unique_ptr<Backend> inner) : inner_(std::move(inner)) {}
  Requests requests;

  const char* name() const override { return inner_->name(); }
  Precision precision() const override { return inner_->precision(); }
  void run(const std::function<void()>& job) override { inner_->run(job); }

  TensorPtr tensor(std::size_t rows, std::size_t cols) override { return ++requests.made, inner_->tensor(rows, cols); }
  void upload(std::span<const float> from, Tensor& to) override { ++requests.uploads, inner_->upload(from, to); }
  void upload(std::span<const double> from, Tensor& to) override { ++requests.uploads, inner_->upload(from, to); }
  void download(const Tensor& from, std::span<float> to) override { ++requests.reads, inner_->download(from, to); }
  void download(const Tensor& from, std::span<double> to) override { ++requests.reads, inner_->download(from, to); }
  DoublesPtr doubles(std::size_t n) override { return ++requests.made, inner_->doubles(n); }
  void read(const Doubles& from, std::span<double> to) override { ++requests.reads, inner_->read(from, to); }
  DataPtr data(std::shared_ptr<const Rows> rows) override { return ++requests.uploads, inner_->data(rows); }
  OrderPtr order(std::vector<std::uint32_t> rows) override { return ++requests.uploads, inner_->order(std::move(rows)); }
  void gather(const Data& from, const Batch& batch, Tensor& out) override { inner_->gather(from, batch, out); }
  void gatherColumns(const Tensor& from, const Batch& batch, Tensor& out) override { inner_->gatherColumns(from, batch, out); }
  void unitEnergies(const Units& units, const Tensor& states, const RowSum& sum) override { inner_->unitEnergies(units, states, sum); }
  void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, const RowSum& sum) override {
    inner_->cumulants(units, fields, beta, shift, sum);
  }
  void rowDots(const Tensor& a, const Tensor& b, const RowSum& sum) override { inner_->rowDots(a, b, sum); }
  StepOutcomePtr stepOutcome() override { return ++requests.made, inner_->stepOutcome(); }
  void optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots, StepOutcome& outcome) override {
    inner_->optimise(step, slots, outcome);
  }
  void requireWithin(const Tensor& parameter, std::span<const double> limits, std::ptrdiff_t index, StepOutcome& outcome) override {
    inner_->requireWithin(parameter, limits, index, outcome);
  }
  void axpbyWhen(When when, const StepOutcome& outcome, double alpha, const Tensor& x, double beta, Tensor& y) override {
    inner_->axpbyWhen(when, outcome, alpha, x, beta, y);
  }
  Verdict read(const StepOutcome& outcome) override { return ++requests.reads, inner_->read(outcome); }
  std::uint64_t stepsBetweenReads() const override { return 64; }
  void reset(StepOutcome& outcome) override { inner_->reset(outcome); }

  void fill(double value, Tensor& out) override { inner_->fill(value, out); }
  void axpby(double alpha, const Tensor& x, double beta, Tensor& y) override { inner_->axpby(alpha, x, beta, y); }
  void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) override { inner_->fields(terms, accumulate, out); }
  bool sameRounding(const Tensor& weights, Accuracy accuracy) override { return inner_->sameRounding(weights, accuracy); }
  void updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) override {
    inner_->updateUnits(update, fields, mean, sample);
  }
  void fieldsAndUnits(std::span<const FieldTerm> terms, const UnitUpdate& update, Tensor& fields, Tensor* mean, Tensor* sample) override {
    inner_->fieldsAndUnits(terms, update, fields, mean, sample);
  }
  void sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) override {
    inner_->sweepLateral(update, sweep, states);
  }
  void clamp(const Tensor& mask, const Tensor& values, Tensor& states) override { inner_->clamp(mask, values, states); }
  void splitMissing(Tensor& states, Tensor& present) override { inner_->splitMissing(states, present); }
  void drawBinary(const Stream& stream, std::uint32_t firstChain, Tensor& states) override {
    inner_->drawBinary(stream, firstChain, states);
  }
  void statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) override {
    inner_->statistics(a, b, rowWeights, alpha, beta, out);
  }
  void edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override {
    inner_->edgeStatistics(graph, a, b, rowWeights, alpha, beta, out);
  }
  void unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override {
    inner_->unitStatistics(units, states, fields, rowWeights, alpha, beta, out);
  }
  void categoryErrors(const Doubles& logs, const Tensor& targets, const Tensor* rowWeights, Tensor& out) override {
    inner_->categoryErrors(logs, targets, rowWeights, out);
  }
  void throughMeans(const Units& units, const Tensor& fields, const Tensor& mean, Tensor& gradient) override {
    inner_->throughMeans(units, fields, mean, gradient);
  }
  void drop(const Stream& stream, double rate, const Tensor& from, Tensor& out) override { inner_->drop(stream, rate, from, out); }
  void limitColumns(double limit, Tensor& weights) override { inner_->limitColumns(limit, weights); }
  void moments(const MomentTerm& term, bool accumulate, Doubles& out) override { inner_->moments(term, accumulate, out); }
  void mixVariances(double rate, const Doubles& moments, Tensor& variances) override { inner_->mixVariances(rate, moments, variances); }
  void inverseDeviations(const Tensor& variances, double least, const Graph* graph, Tensor& out) override {
    inner_->inverseDeviations(variances, least, graph, out);
  }

 private:
  std::unique_ptr<Backend> inner_;
};

const Cancelled running{false};

std::shared_ptr<Rows> twelveRows() {
  auto data = std::make_shared<Rows>(6, Domain{});
  const Values values = randomValues(12 * 6, 1, Kind::binary, 0.5);
  data->append(Rows::Source<double>{values.data(), 0, 6, 1, 12});
  return data;
}

// What the second update of a run asks for.
Requests requestsOfSecond(Trainer& trainer, const CountingBackend& backend) {
  trainer.run(1, running, nullptr, nullptr);
  const Requests first = backend.requests;
  trainer.run(2, running, nullptr, nullptr);
  const Requests& both = backend.requests;
  return {both.made - first.made, both.uploads - first.uploads, both.reads - first.reads};
}

// Of the second update of a run on these rows.
Requests requestsOf(const TrainerOptions& o, const Values& rowWeights, UnitType visible, const LayerRows& rows) {
  const auto backend = std::make_shared<CountingBackend>(makeReferenceBackend());
  Machine m(backend, Wiring({{"v", visible, 6}, {"h", UnitType::bernoulli, 4}}, {{0, 1}}), 3, 0.5);
  Trainer trainer(contrastiveUpdate(m, o, {rows}, {}, rowWeights), o, nullptr, false);
  return requestsOfSecond(trainer, *backend);
}

Requests requestsOf(const TrainerOptions& o, const Values& rowWeights = {}, UnitType visible = UnitType::bernoulli) {
  return requestsOf(o, rowWeights, visible, {0, twelveRows()});
}

TEST_CASE("an update asks for nothing else on rows that are seen through machines") {
  const auto below = std::make_shared<const Machine>(
      makeReferenceBackend(), Wiring({{"v", UnitType::bernoulli, 6}, {"h", UnitType::bernoulli, 6}}, {{0, 1}}), 4, 0.5);
  for (const Draw draw : {Draw::mean, Draw::sample}) {
    const auto stack = std::make_shared<const MachineStack>(std::vector<std::shared_ptr<const Machine>>{below, below}, draw);
    for (const Algorithm algorithm : {Algorithm::cd, Algorithm::pcd})
      CHECK(requestsOf(options(algorithm), {}, UnitType::bernoulli, {0, twelveRows(), stack}) == Requests{});
  }
}

// Of the second update of a run over two levels and a top machine with labels.
Requests requestsOf(const UpDownOptions& o, const Values& rowWeights) {
  const auto backend = std::make_shared<CountingBackend>(makeReferenceBackend());
  SmallNetwork net([&] { return backend; }, {6, 4, 5, 3}, 3, 3, 0.5);
  Values labels;
  for (std::size_t r = 0; r < 12; ++r)
    for (std::size_t k = 0; k < 3; ++k) labels.push_back(r % 3 == k);
  const LayerRows given{1, rowsOf(labels, 3, Domain{.group = 3, .leastSum = 1, .mostSum = 1})};
  Trainer trainer(upDownUpdate(*net.top, net.levels, o, twelveRows(), {given}, rowWeights), o, nullptr, false);
  return requestsOfSecond(trainer, *backend);
}

TEST_CASE("an update of up-down learning asks for nothing but work on the tensors that it has") {
  for (const std::size_t chains : {0, 5})
    for (const Draw dreams : {Draw::sample, Draw::mean}) {
      UpDownOptions o;
      o.batchSize = 4;
      o.chains = chains;
      o.dreams = dreams;
      CHECK(requestsOf(o, {}) == Requests{});
      CHECK(requestsOf(o, Values(12, 0.5)) == Requests{});
    }
}

// The rule of backend.hpp: an update makes no tensor, transfers nothing and reads nothing back.
TEST_CASE("an update asks for nothing but work on the tensors that it has") {
  for (const Algorithm algorithm : {Algorithm::cd, Algorithm::pcd, Algorithm::fpcd, Algorithm::meanField}) {
    CAPTURE(static_cast<int>(algorithm));
    TrainerOptions o = options(algorithm);
    CHECK(requestsOf(o) == Requests{});
    CHECK(requestsOf(o, Values(12, 0.5)) == Requests{});
    o.standardised = true;
    CHECK(requestsOf(o) == Requests{});
    CHECK(requestsOf(o, Values(12, 0.5)) == Requests{});
    for (const UnitType visible : {UnitType::gaussian, UnitType::relu, UnitType::spin}) CHECK(requestsOf(o, {}, visible) == Requests{});
    o.standardised = false;
    o.sparsity = TrainerOptions::Sparsity{0.1, 1, 0.1};
    CHECK(requestsOf(o) == Requests{});
    o.centred = false;
    CHECK(requestsOf(o) == Requests{});
    o.optimiser.kind = OptimiserStep::Kind::adam;
    CHECK(requestsOf(o) == Requests{});
    o.meanFieldPositive = true;
    CHECK(requestsOf(o) == Requests{});
    for (const UnitType visible : {UnitType::gaussian, UnitType::relu, UnitType::spin}) CHECK(requestsOf(o, {}, visible) == Requests{});
  }
}

// Of the second update of a run on these rows and labels.
Requests requestsOfLabels(const TrainerOptions& o, const Values& rowWeights) {
  const auto backend = std::make_shared<CountingBackend>(makeReferenceBackend());
  Machine m(backend,
            Wiring({{"v", UnitType::bernoulli, 6}, {"y", UnitType::softmax, 3, 3}, {"h", UnitType::bernoulli, 4}}, {{0, 2}, {1, 2}}), 3,
            0.5);
  Values labels;
  for (std::size_t r = 0; r < 12; ++r)
    for (std::size_t k = 0; k < 3; ++k) labels.push_back(r % 3 == k);
  const LayerRows given{1, rowsOf(labels, 3, Domain{.group = 3, .leastSum = 1, .mostSum = 1})};
  Trainer trainer(contrastiveUpdate(m, o, {{0, twelveRows()}, given}, {}, rowWeights), o, nullptr, false);
  return requestsOfSecond(trainer, *backend);
}

TEST_CASE("an update from labels asks for nothing but work on the tensors that it has") {
  for (const Algorithm algorithm : {Algorithm::cd, Algorithm::pcd})
    for (const double generative : {0.0, 0.5})
      for (const bool centred : {false, true}) {
        TrainerOptions o = options(algorithm);
        o.labels = TrainerOptions::Labels{1, 1, generative};
        o.centred = centred;
        CHECK(requestsOfLabels(o, {}) == Requests{});
        CHECK(requestsOfLabels(o, Values(12, 0.5)) == Requests{});
      }
}

// Of the second update of a network's run.
Requests requestsOfNetwork(const NetworkTrainerOptions& o, const Values& rowWeights = {}) {
  const auto backend = std::make_shared<CountingBackend>(makeReferenceBackend());
  Network network(backend, 6, {dropout("d", 0.5), dense("h", "relu", 4), dense("y", "bernoulli", 6)}, 3);
  Trainer trainer(networkUpdate(network, o, {twelveRows(), nullptr}, nullptr, rowWeights), o, nullptr, false);
  return requestsOfSecond(trainer, *backend);
}

TEST_CASE("an update of a network asks for nothing but work on the tensors that it has") {
  NetworkTrainerOptions o;
  o.batchSize = 4;
  o.maxNorm = 1;
  for (const LossKind loss : {LossKind::likelihood, LossKind::squared})
    for (const OptimiserStep::Kind kind : {OptimiserStep::Kind::sgd, OptimiserStep::Kind::adam}) {
      o.loss = loss;
      o.optimiser.kind = kind;
      CHECK(requestsOfNetwork(o) == Requests{});
      CHECK(requestsOfNetwork(o, Values(12, 0.5)) == Requests{});
    }
}

// What does not follow the rule yet, with what it asks for. These numbers may only fall.
TEST_CASE("exceptions from the rule that an update asks for nothing") {
  // Swaps are decided on the host.
  CHECK(requestsOf(options(Algorithm::pt)) == Requests{0, 1, 1});
  // The same, and links of its ladder are followed there.
  CHECK(requestsOf(options(Algorithm::ptt)) == Requests{1, 1, 4});
  // Line searches are decided on the host, from sums that it reads. It goes back to a copy of the
  // parameters if it is cancelled.
  NetworkTrainerOptions lbfgs;
  lbfgs.batchSize = 4;
  lbfgs.lbfgs = {3, 1};
  lbfgs.learningRates = {1};
  CHECK(requestsOfNetwork(lbfgs).uploads == 0);
  // States are counted on the host.
  CHECK(requestsOf(options(Algorithm::exact)) == Requests{1, 2, 1});
}

}  // namespace
}  // namespace boltzkit::test
