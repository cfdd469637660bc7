#include "cuda/cuda_backend.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cuda/data.hpp"
#include "cuda/device.hpp"
#include "cuda/tensors.hpp"

namespace boltzkit::cuda {
namespace {

const std::uint32_t* rowsOf(const Batch& batch) { return static_cast<const CudaOrder&>(*batch.order).rows.data() + batch.first; }

RowUnits<float> unitsOf(const Units& units) {
  return {valuesOf(*units.parameters), units.parameters->cols(), units.size, units.parameters->cols()};
}

SumView sumOf(const RowSum& sum) { return {numbersOf(*sum.out), sum.factor, sum.accumulate}; }

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(std::shared_ptr<Device> device) : shared_(std::move(device)), device_(*shared_), mean_(device_, 1) {}

  const char* name() const override { return "cuda"; }
  Precision precision() const override { return Precision::float32; }
  void run(const std::function<void()>& job) override { job(); }
  void together(const std::function<void()>& work) override { device_.together(work); }
  std::size_t chainsAtOnce() const override { return 16384; }

  // --- buffers -----------------------------------------------------------------------------------
  TensorPtr tensor(std::size_t rows, std::size_t cols) override { return std::make_unique<CudaTensor>(device_, rows, cols); }
  void upload(std::span<const float> from, Tensor& to) override {
    device_.copyIn(from.data(), from.size_bytes(), valuesOf(to));
    setShort(to, std::all_of(from.begin(), from.end(), [](float value) { return isShort(value); }));
  }
  void upload(std::span<const double> from, Tensor& to) override {
    const std::vector<float> floats(from.begin(), from.end());
    upload(std::span<const float>(floats), to);
  }
  void download(const Tensor& from, std::span<float> to) override { device_.copyOut(valuesOf(from), to.size_bytes(), to.data()); }
  void download(const Tensor& from, std::span<double> to) override {
    std::vector<float> floats(to.size());
    download(from, std::span<float>(floats));
    std::copy(floats.begin(), floats.end(), to.begin());
  }
  void fill(double value, Tensor& out) override {
    device_.launch(sizeOf(out), Fill{sizeOf(out), static_cast<float>(value), valuesOf(out)});
    setShort(out, isShort(static_cast<float>(value)));
  }
  void axpby(double alpha, const Tensor& x, double beta, Tensor& y) override {
    device_.launch(sizeOf(y), Axpby{sizeOf(y), alpha, valuesOf(x), beta, valuesOf(y)});
    if (alpha == 1 && beta == 0) setShort(y, isShort(x));
  }
  DoublesPtr doubles(std::size_t n) override { return std::make_unique<CudaDoubles>(device_, n); }
  void read(const Doubles& from, std::span<double> to) override { device_.copyOut(numbersOf(from), to.size_bytes(), to.data()); }
  DataPtr data(std::shared_ptr<const Rows> rows) override { return makeData(device_, std::move(rows)); }
  OrderPtr order(std::vector<std::uint32_t> rows) override { return std::make_unique<CudaOrder>(device_, std::move(rows)); }

  void gather(const Data& from, const Batch& batch, Tensor& out) override {
    const auto& data = static_cast<const CudaData&>(from);
    data.gather(device_, batch, valuesOf(out));
    setShort(out, data.isShort());
  }
  void gatherColumns(const Tensor& from, const Batch& batch, Tensor& out) override {
    device_.launch(batch.count, GatherColumns{batch.count, valuesOf(from), rowsOf(batch), valuesOf(out)});
  }

  // --- layers ------------------------------------------------------------------------------------
  void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) override {
    if (terms.empty() && !accumulate) fill(0, out);
    for (const FieldTerm& term : terms) {
      const bool adds = accumulate || &term != terms.data();
      const std::size_t rows = out.rows(), cols = out.cols(), depth = term.states->cols();
      if (term.graph) {
        device_.launch(rows * cols, GraphFields{rows * cols, cols, graphOf(*term.graph).view(), valuesOf(term.weights),
                                                valuesOf(term.states), term.scale, adds, valuesOf(out)});
        continue;
      }
      const FieldFactors factors = factorsOf(term, rows, cols);
      product(factors.states, isShort(*term.states), factors.weights, isShort(*term.weights), term.accuracy, depth, term.scale,
              adds ? 1 : 0, out);
    }
  }

  void fieldsAndUnits(std::span<const FieldTerm> terms, const UnitUpdate& update, Tensor& fields, Tensor* mean, Tensor* sample) override {
    if (update.units.type != UnitType::bernoulli || terms.empty() || terms.back().graph ||
        !onTensorCores(isShort(*terms.back().states), terms.back().accuracy))
      return Backend::fieldsAndUnits(terms, update, fields, mean, sample);
    const FieldTerm& last = terms.back();
    if (terms.size() > 1) this->fields(terms.first(terms.size() - 1), false, fields);
    const FieldFactors factors = factorsOf(last, fields.rows(), fields.cols());
    const Tile tile = tileFor(fields.rows(), fields.cols());
    const auto call = [&]<class Product>(Made<Product>) {
      Product product{factors.states, factors.weights, last.states->cols(), last.scale, terms.size() > 1 ? 1.0 : 0.0, valuesOf(fields)};
      product.draws = true;
      product.units = unitsOf(update.units);
      product.update = viewOf(update);
      product.mean = valuesOf(mean);
      product.sample = valuesOf(sample);
      device_.launch(tilesOf(tile, fields.rows(), fields.cols()), product);
    };
    withParts(isShort(*last.states), isShort(*last.weights), last.accuracy, tile, call);
    if (sample) setShort(*sample, drawsShort(update));
  }

  void updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) override {
    visitUnit(update.units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const RowUnits<float> units = unitsOf(update.units);
      device_.launch(fields.rows() * groupsOf(units.places / unitSize<Unit>(units)),
                     UpdateUnits<Unit>{fields.rows(), units, viewOf(update), valuesOf(fields), valuesOf(update.before), valuesOf(mean),
                                       valuesOf(sample)});
    });
    if (sample) setShort(*sample, drawsShort(update));
  }

  void sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) override {
    const bool stays = isShort(states) && drawsShort(update);
    visitUnit(update.units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const RowUnits<float> units = unitsOf(update.units);
      device_.launch(states.rows(), SweepLateral<Unit>{units, viewOf(update), valuesOf(*sweep.weights), sweep.graph != nullptr,
                                                       sweep.graph ? graphOf(*sweep.graph).view() : GraphView{}, valuesOf(sweep.fields),
                                                       valuesOf(sweep.keep), sweep.keep && sweep.keep->rows() == 1, sweep.sweeps,
                                                       scratch(states.rows() * unitSize<Unit>(units)), valuesOf(states)});
    });
    setShort(states, stays);
  }

  void clamp(const Tensor& mask, const Tensor& values, Tensor& states) override {
    const bool stays = isShort(states) && isShort(values);
    device_.launch(sizeOf(states), Clamp{sizeOf(states), states.cols(), valuesOf(mask), mask.rows() == 1, valuesOf(values),
                                         values.rows() == 1, valuesOf(states)});
    setShort(states, stays);
  }
  void splitMissing(Tensor& states, Tensor& present) override {
    const bool stays = isShort(states);
    device_.launch(sizeOf(states), SplitMissing{sizeOf(states), valuesOf(states), valuesOf(present)});
    setShort(states, stays);
    setShort(present, true);
  }
  void drawBinary(const Stream& stream, std::uint32_t firstChain, Tensor& states) override {
    device_.launch(states.rows() * groupsOf(states.cols()), DrawBinary{states.rows(), states.cols(), stream, firstChain, valuesOf(states)});
    setShort(states, true);
  }

  // --- statistics --------------------------------------------------------------------------------
  void statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) override {
    statistics({&a, &b, rowWeights, alpha}, beta, out);
  }
  void edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override {
    device_.launch(graph.weights(), EdgeStatistics{graph.weights(), graphOf(graph).view(), a.rows(), a.cols(), valuesOf(a), valuesOf(b),
                                                   valuesOf(rowWeights), alpha, beta, valuesOf(out)});
  }
  void unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override {
    visitUnit(units.type, [&](auto unit) {
      device_.launch(states.cols(), UnitStatistics<decltype(unit)>{unitsOf(units), states.rows(), valuesOf(states), valuesOf(fields),
                                                                   valuesOf(rowWeights), alpha, beta, valuesOf(out)});
    });
  }
  void moments(const MomentTerm& term, bool accumulate, Doubles& out) override {
    visitUnit(term.units.type, [&](auto unit) {
      device_.launch(term.values->cols(), Moments<decltype(unit)>{unitsOf(term.units), term.values->rows(), valuesOf(term.values),
                                                                  valuesOf(term.centre), term.means, valuesOf(term.fields),
                                                                  valuesOf(term.rowWeights), term.alpha, accumulate, numbersOf(out)});
    });
  }
  void mixVariances(double rate, const Doubles& moments, Tensor& variances) override {
    device_.launch(variances.cols(), MixVariances{variances.cols(), rate, numbersOf(moments), valuesOf(variances)});
  }
  void inverseDeviations(const Tensor& variances, double least, const Graph* graph, Tensor& out) override {
    const std::size_t places = variances.cols();
    device_.launch(1, MeanVariance{places, valuesOf(variances), mean_.data()});
    if (graph)
      device_.launch(graph->weights(), InverseDeviationsAlong{graph->weights(), graph->size(), graphOf(*graph).view().edges,
                                                              valuesOf(variances), least, mean_.data(), valuesOf(out)});
    else
      device_.launch(places, InverseDeviations{places, valuesOf(variances), least, mean_.data(), valuesOf(out)});
  }

  // --- categories --------------------------------------------------------------------------------
  void categoryErrors(const Doubles& logs, const Tensor& targets, const Tensor* rowWeights, Tensor& out) override {
    device_.launch(targets.rows(),
                   CategoryErrors{targets.rows(), targets.cols(), numbersOf(logs), valuesOf(targets), valuesOf(rowWeights), valuesOf(out)});
  }

  // --- networks ----------------------------------------------------------------------------------
  void throughMeans(const Units& units, const Tensor& fields, const Tensor& mean, Tensor& gradient) override {
    visitUnit(units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const RowUnits<float> view = unitsOf(units);
      const std::size_t n = gradient.rows() * (view.places / unitSize<Unit>(view));
      device_.launch(n, ThroughMeans<Unit>{n, view, valuesOf(fields), valuesOf(mean), valuesOf(gradient)});
    });
  }
  void drop(const Stream& stream, double rate, const Tensor& from, Tensor& out) override {
    device_.launch(from.rows() * groupsOf(from.cols()), Drop{from.rows(), from.cols(), stream, dropThreshold(rate),
                                                             static_cast<float>(1 / (1 - rate)), valuesOf(from), valuesOf(out)});
  }
  void limitColumns(double limit, Tensor& weights) override {
    device_.launch(weights.cols(), LimitColumns{weights.rows(), weights.cols(), limit, valuesOf(weights)});
  }

  // --- reductions --------------------------------------------------------------------------------
  void unitEnergies(const Units& units, const Tensor& states, const RowSum& sum) override {
    visitUnit(units.type, [&](auto unit) {
      device_.launch(states.rows(), Energies<decltype(unit)>{unitsOf(units), valuesOf(states), sumOf(sum)});
    });
  }
  void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, const RowSum& sum) override {
    const float* shifted = valuesOf(fields);
    if (shift) {
      const std::size_t n = sizeOf(fields);
      float* moved = scratch(n);
      device_.launch(n, Shift{n, fields.cols(), shifted, valuesOf(shift->weights), shiftedUnits_.send(device_, shift->unit),
                              amounts_.send(device_, shift->amount), moved});
      shifted = moved;
    }
    visitUnit(units.type, [&](auto unit) {
      device_.launch(fields.rows(), Cumulants<decltype(unit)>{unitsOf(units), shifted, static_cast<float>(beta), sumOf(sum)});
    });
  }
  void rowDots(const Tensor& a, const Tensor& b, const RowSum& sum) override {
    device_.launch(a.rows(), RowDots{a.cols(), valuesOf(a), valuesOf(b), sumOf(sum)});
  }

  // --- parameters --------------------------------------------------------------------------------
  StepOutcomePtr stepOutcome() override { return std::make_unique<CudaOutcome>(device_); }

  void optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots, StepOutcome& outcome) override {
    for (const ParameterSlot& slot : slots)
      for (const StatisticsTerm& term : slot.terms) statistics(term, &term == slot.terms.data() ? 0 : 1, *slot.gradient);
    const auto t = static_cast<double>(step.t);
    const StepView view{step.kind == OptimiserStep::Kind::adam,
                        step.momentum,
                        step.beta1,
                        step.beta2,
                        step.epsilon,
                        1 - std::pow(step.beta1, t),
                        1 - std::pow(step.beta2, t)};
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const ParameterSlot& slot = slots[i];
      const SlotView place{sizeOf(*slot.parameter),
                           slot.parameter->cols(),
                           valuesOf(std::as_const(*slot.parameter)),
                           valuesOf(slot.gradient),
                           valuesOf(slot.velocity),
                           valuesOf(slot.second),
                           valuesOf(slot.rowScale),
                           valuesOf(slot.colScale),
                           slot.l1,
                           slot.l2,
                           step.learningRate * slot.rate};
      device_.launch(place.n, Propose{place, view, static_cast<float>(largestParameter), static_cast<int>(i), stateOf(outcome)});
    }
    device_.launch(1, Decide{stateOf(outcome)});
    for (const ParameterSlot& slot : slots) {
      const std::size_t n = sizeOf(*slot.parameter);
      device_.launch(n, Take{n, valuesOf(slot.parameter), valuesOf(slot.gradient), stateOf(std::as_const(outcome))});
    }
  }

  void requireWithin(const Tensor& parameter, std::span<const double> limits, std::ptrdiff_t index, StepOutcome& outcome) override {
    device_.launch(sizeOf(parameter),
                   Bound{sizeOf(parameter), parameter.cols(), valuesOf(parameter), limits_.send(device_, limits), stateOf(outcome)});
    device_.launch(1, Refuse{static_cast<long long>(index), stateOf(outcome)});
  }
  void axpbyWhen(When when, const StepOutcome& outcome, double alpha, const Tensor& x, double beta, Tensor& y) override {
    device_.launch(sizeOf(y), Axpby{sizeOf(y), alpha, valuesOf(x), beta, valuesOf(y), stateOf(outcome), when == When::refused});
  }
  Verdict read(const StepOutcome& outcome) override {
    OutcomeState state;
    device_.copyOut(stateOf(outcome), sizeof state, &state);
    return {static_cast<std::ptrdiff_t>(state.refused), state.accepted};
  }
  // A refusal is told late rather than have the device wait for the host after each step.
  std::uint64_t stepsBetweenReads() const override { return 16; }
  void reset(StepOutcome& outcome) override { device_.launch(1, Reset{stateOf(outcome)}); }

 private:
  UpdateView viewOf(const UnitUpdate& update) {
    UpdateView view{update.stream, update.firstChain, static_cast<float>(update.beta), nullptr, update.draw};
    if (update.betas.empty()) return view;
    const std::vector<float> betas(update.betas.begin(), update.betas.end());
    view.betas = betas_.send(device_, betas);
    return view;
  }

  struct FieldFactors {
    Factor states, weights;
  };
  static FieldFactors factorsOf(const FieldTerm& term, std::size_t rows, std::size_t cols) {
    const std::size_t depth = term.states->cols();
    return {{valuesOf(*term.states), rows, depth, 1},
            term.transposed ? Factor{valuesOf(*term.weights), cols, depth, 1} : Factor{valuesOf(*term.weights), cols, 1, cols}};
  }

  void statistics(const StatisticsTerm& term, double beta, Tensor& out) {
    const Tensor &a = *term.a, &b = *term.b;
    product({valuesOf(a), a.cols(), 1, a.cols(), valuesOf(term.rowWeights)}, isShort(a) && !term.rowWeights,
            {valuesOf(b), b.cols(), 1, b.cols()}, isShort(b), term.accuracy, a.rows(), term.alpha, beta, out);
  }

  // Draws of these are whole numbers that bf16 has exactly.
  static bool drawsShort(const UnitUpdate& update) {
    const UnitType type = update.units.type;
    const bool whole = type == UnitType::bernoulli || type == UnitType::spin || type == UnitType::softmax ||
                       (type == UnitType::binomial && update.units.size <= 256);
    return whole && update.draw != Draw::mean;
  }

  template <class Product>
  struct Made {};  // names a type

  // Whether tensor cores are as exact as is asked for: always for values that bf16 has, and with three
  // numbers for each value of one factor.
  static bool onTensorCores(bool left, Accuracy accuracy) { return left || accuracy != Accuracy::full; }

  // Calls call(Made<TensorProduct<...>>) with so many bf16 numbers to each value of the factors as these
  // need.
  template <class Call>
  static void withParts(bool left, bool right, Accuracy accuracy, Tile tile, Call&& call) {
    tile == Tile::wide ? withParts<Tile::wide>(left, right, accuracy, call) : withParts<Tile::narrow>(left, right, accuracy, call);
  }
  template <Tile tile, class Call>
  static void withParts(bool left, bool right, Accuracy accuracy, Call&& call) {
    if (left && right) return call(Made<TensorProduct<1, 1, tile>>{});
    if (left && accuracy == Accuracy::full) return call(Made<TensorProduct<1, 3, tile>>{});
    if (left) return call(Made<TensorProduct<1, 2, tile>>{});
    if (right) return call(Made<TensorProduct<2, 1, tile>>{});
    call(Made<TensorProduct<2, 2, tile>>{});
  }

  // `shortLeft`: bf16 has all values of the left factor, times its weights.
  void product(const Factor& left, bool shortLeft, const Factor& right, bool shortRight, Accuracy accuracy, std::size_t depth, double alpha,
               double beta, Tensor& out) {
    if (!onTensorCores(shortLeft, accuracy))
      return device_.launch(tilesOf(left.count) * tilesOf(right.count), Product{left, right, depth, alpha, beta, valuesOf(out)});
    const Tile tile = tileFor(left.count, right.count);
    withParts(shortLeft, shortRight, accuracy, tile, [&]<class OnCores>(Made<OnCores>) {
      device_.launch(tilesOf(tile, left.count, right.count), OnCores{left, right, depth, alpha, beta, valuesOf(out)});
    });
  }

  // Memory for n floats until the next call. What runs before on the stream has used it by then.
  float* scratch(std::size_t n) {
    if (scratch_.size() < n) scratch_ = {device_, n};
    return scratch_.data();
  }

  CudaGraph& graphOf(const Graph& graph) {
    const auto found = graphs_.find(graph.id());
    if (found != graphs_.end()) return *found->second;
    return *graphs_.emplace(graph.id(), std::make_unique<CudaGraph>(device_, graph)).first->second;
  }

  std::shared_ptr<Device> shared_;
  Device& device_;
  DeviceArray<double> mean_;
  DeviceArray<float> scratch_;
  Sent<float> betas_;
  Sent<double> limits_, amounts_;
  Sent<std::uint32_t> shiftedUnits_;
  // One graph to a coupling; those of machines that are gone stay until the backend goes.
  std::unordered_map<std::uint64_t, std::unique_ptr<CudaGraph>> graphs_;
};

// Machines of one device use each other's tensors, as the levels of a belief network do.
std::shared_ptr<Device> sharedDevice(const BoltzkitCuda& table, int number) {
  static std::mutex guard;
  static std::map<std::pair<const BoltzkitCuda*, int>, std::weak_ptr<Device>> devices;
  const std::lock_guard lock(guard);
  std::weak_ptr<Device>& known = devices[{&table, number}];
  std::shared_ptr<Device> device = known.lock();
  if (!device) known = device = std::make_shared<Device>(table, number);
  return device;
}

}  // namespace

std::unique_ptr<Backend> makeCudaBackend(const BoltzkitCuda& table, int device) {
  return std::make_unique<CudaBackend>(sharedDevice(table, device));
}

}  // namespace boltzkit::cuda
