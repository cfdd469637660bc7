#include "cuda/cuda_backend.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cuda/kernels/elementwise.cuh"
#include "cuda/kernels/optimise.cuh"
#include "cuda/kernels/products.cuh"
#include "cuda/kernels/units.cuh"
#include "cuda/runtime.hpp"

namespace boltzkit::cuda {
namespace {

struct CudaTensor final : Tensor {
  CudaTensor(Runtime& runtime, std::size_t rows, std::size_t cols) : Tensor(rows, cols), values(runtime, rows * cols) {}
  DeviceArray<float> values;
};

float* valuesOf(Tensor& t) { return static_cast<CudaTensor&>(t).values.data(); }
const float* valuesOf(const Tensor& t) { return static_cast<const CudaTensor&>(t).values.data(); }
const float* valuesOf(const Tensor* t) { return t ? valuesOf(*t) : nullptr; }
float* valuesOf(Tensor* t) { return t ? valuesOf(*t) : nullptr; }
std::size_t sizeOf(const Tensor& t) { return t.rows() * t.cols(); }

// Rows as the host packs them (core/rows.hpp), copied to the device.
struct CudaData final : Data {
  CudaData(Runtime& runtime, const Rows& from) : format(from.format()), rows_(from.rows()), cols_(from.cols()) {
    if (format == RowsFormat::codes) {
      codes = {runtime, from.codes(), rows_ * cols_};
      values = {runtime, from.table(), 256};
    } else if (format == RowsFormat::floats) {
      values = {runtime, from.floats(), rows_ * cols_};
    } else {
      const std::size_t entries = from.offsets()[rows_];
      offsets = {runtime, from.offsets(), rows_ + 1};
      indices = {runtime, from.indices(), entries};
      values = {runtime, from.values(), entries};
    }
  }
  std::size_t rows() const override { return rows_; }
  std::size_t cols() const override { return cols_; }
  RowsFormat format;
  DeviceArray<std::uint8_t> codes;
  DeviceArray<float> values;  // of codes their table
  DeviceArray<std::uint64_t> offsets;
  DeviceArray<std::uint32_t> indices;

 private:
  std::size_t rows_, cols_;
};

struct CudaOrder final : Order {
  CudaOrder(Runtime& runtime, const std::vector<std::uint32_t>& from) : rows(runtime, from) {}
  DeviceArray<std::uint32_t> rows;
};

struct CudaDoubles final : Doubles {
  CudaDoubles(Runtime& runtime, std::size_t n) : Doubles(n), values(runtime, n) {}
  DeviceArray<double> values;
};

double* numbersOf(Doubles& d) { return static_cast<CudaDoubles&>(d).values.data(); }
const double* numbersOf(const Doubles& d) { return static_cast<const CudaDoubles&>(d).values.data(); }

struct CudaOutcome final : StepOutcome {
  explicit CudaOutcome(Runtime& runtime) : state(runtime, 1) { runtime.each(1, resetKernel, state.data()); }
  DeviceArray<OutcomeState> state;
};

OutcomeState* stateOf(StepOutcome& o) { return static_cast<CudaOutcome&>(o).state.data(); }
const OutcomeState* stateOf(const StepOutcome& o) { return static_cast<const CudaOutcome&>(o).state.data(); }

std::vector<std::uint32_t> edgesOf(const Graph& graph) {
  std::vector<std::uint32_t> ends;
  for (const auto& [i, j] : graph.edges()) ends.insert(ends.end(), {i, j});
  return ends;
}

// A graph in the memory of the device.
struct CudaGraph {
  CudaGraph(Runtime& runtime, const Graph& graph) : size(graph.size()), edges(runtime, edgesOf(graph)), order(runtime, graph.order()) {
    std::vector<std::uint64_t> begins{0};
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < graph.units(); ++i) {
      for (const Graph::Neighbour* n = graph.begin(i); n != graph.end(i); ++n)
        all.insert(all.end(), {n->unit, n->edge, n->first ? 1u : 0u});
      begins.push_back(all.size() / 3);
    }
    starts = {runtime, begins};
    neighbours = {runtime, all};
  }
  GraphView view() const { return {size, edges.data(), starts.data(), neighbours.data(), order.data()}; }
  std::uint32_t size;
  DeviceArray<std::uint32_t> edges, order, neighbours;
  DeviceArray<std::uint64_t> starts;
};

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(int device) : runtime_(device), mean_(runtime_, 1) {}

  const char* name() const override { return "cuda"; }
  Precision precision() const override { return Precision::float32; }
  void run(const std::function<void()>& job) override {
    runtime_.enter();
    job();
  }

  // --- buffers -----------------------------------------------------------------------------------
  TensorPtr tensor(std::size_t rows, std::size_t cols) override { return std::make_unique<CudaTensor>(runtime_, rows, cols); }
  void upload(std::span<const float> from, Tensor& to) override { runtime_.copyIn(from.data(), from.size_bytes(), valuesOf(to)); }
  void upload(std::span<const double> from, Tensor& to) override {
    const std::vector<float> floats(from.begin(), from.end());
    upload(std::span<const float>(floats), to);
  }
  void download(const Tensor& from, std::span<float> to) override { runtime_.copyOut(valuesOf(from), to.size_bytes(), to.data()); }
  void download(const Tensor& from, std::span<double> to) override {
    std::vector<float> floats(to.size());
    download(from, std::span<float>(floats));
    std::copy(floats.begin(), floats.end(), to.begin());
  }
  void fill(double value, Tensor& out) override {
    runtime_.each(sizeOf(out), fillKernel, sizeOf(out), static_cast<float>(value), valuesOf(out));
  }
  void axpby(double alpha, const Tensor& x, double beta, Tensor& y) override {
    runtime_.each(sizeOf(y), axpbyKernel, sizeOf(y), alpha, valuesOf(x), beta, valuesOf(y), nullptr, false);
  }
  DoublesPtr doubles(std::size_t n) override { return std::make_unique<CudaDoubles>(runtime_, n); }
  void read(const Doubles& from, std::span<double> to) override { runtime_.copyOut(numbersOf(from), to.size_bytes(), to.data()); }
  DataPtr data(std::shared_ptr<const Rows> rows) override { return std::make_unique<CudaData>(runtime_, *rows); }
  OrderPtr order(std::vector<std::uint32_t> rows) override { return std::make_unique<CudaOrder>(runtime_, rows); }

  void gather(const Data& from, const Batch& batch, Tensor& out) override {
    const auto& data = static_cast<const CudaData&>(from);
    const std::size_t n = sizeOf(out), cols = out.cols();
    if (data.format == RowsFormat::codes) {
      runtime_.each(n, gatherCodesKernel, n, cols, rowsOf(batch), data.codes.data(), data.values.data(), valuesOf(out));
    } else if (data.format == RowsFormat::floats) {
      runtime_.each(n, gatherFloatsKernel, n, cols, rowsOf(batch), data.values.data(), valuesOf(out));
    } else {
      fill(0, out);
      runtime_.each(batch.count, gatherSparseKernel, batch.count, cols, rowsOf(batch), data.offsets.data(), data.indices.data(),
                    data.values.data(), valuesOf(out));
    }
  }
  void gatherColumns(const Tensor& from, const Batch& batch, Tensor& out) override {
    runtime_.each(batch.count, gatherColumnsKernel, batch.count, valuesOf(from), rowsOf(batch), valuesOf(out));
  }

  // --- layers ------------------------------------------------------------------------------------
  void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) override {
    if (terms.empty() && !accumulate) fill(0, out);
    for (const FieldTerm& term : terms) {
      const bool adds = accumulate || &term != terms.data();
      const std::size_t rows = out.rows(), cols = out.cols(), depth = term.states->cols();
      if (rows == 0) continue;
      if (term.graph) {
        runtime_.each(rows * cols, graphFieldsKernel, rows * cols, cols, graphOf(*term.graph).view(), valuesOf(term.weights),
                      valuesOf(term.states), term.scale, adds, valuesOf(out));
        continue;
      }
      const Factor states = Factor{valuesOf(*term.states), rows, depth, 1};
      const Factor weights =
          term.transposed ? Factor{valuesOf(*term.weights), cols, depth, 1} : Factor{valuesOf(*term.weights), cols, 1, cols};
      product(states, weights, depth, term.scale, adds ? 1 : 0, out);
    }
  }

  void updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) override {
    visitUnit(update.units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const RowUnits<float> units = unitsOf(update.units);
      const std::size_t groups = groupsOf(units.places / unitSize<Unit>(units));
      runtime_.each(fields.rows() * groups, updateUnitsKernel<Unit>, fields.rows(), units, viewOf(update), valuesOf(fields),
                    valuesOf(update.before), valuesOf(mean), valuesOf(sample));
    });
  }

  void sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) override {
    visitUnit(update.units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const RowUnits<float> units = unitsOf(update.units);
      const SweepView view{valuesOf(*sweep.weights),
                           sweep.graph != nullptr,
                           sweep.graph ? graphOf(*sweep.graph).view() : GraphView{},
                           valuesOf(sweep.fields),
                           valuesOf(sweep.keep),
                           sweep.keep && sweep.keep->rows() == 1,
                           sweep.sweeps};
      runtime_.blocks({static_cast<unsigned>(states.rows()), threadsPerRow}, sweepLateralKernel<Unit>, units, viewOf(update), view,
                      scratch(states.rows() * unitSize<Unit>(units)), valuesOf(states));
    });
  }

  void clamp(const Tensor& mask, const Tensor& values, Tensor& states) override {
    runtime_.each(sizeOf(states), clampKernel, sizeOf(states), states.cols(), valuesOf(mask), mask.rows() == 1, valuesOf(values),
                  values.rows() == 1, valuesOf(states));
  }
  void splitMissing(Tensor& states, Tensor& present) override {
    runtime_.each(sizeOf(states), splitMissingKernel, sizeOf(states), valuesOf(states), valuesOf(present));
  }
  void drawBinary(const Stream& stream, std::uint32_t firstChain, Tensor& states) override {
    runtime_.each(states.rows() * groupsOf(states.cols()), drawBinaryKernel, states.rows(), states.cols(), stream, firstChain,
                  valuesOf(states));
  }

  // --- statistics --------------------------------------------------------------------------------
  void statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) override {
    product(Factor{valuesOf(a), a.cols(), 1, a.cols(), valuesOf(rowWeights)}, Factor{valuesOf(b), b.cols(), 1, b.cols()}, a.rows(), alpha,
            beta, out);
  }
  void edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override {
    runtime_.each(graph.weights(), edgeStatisticsKernel, graph.weights(), graphOf(graph).view(), a.rows(), a.cols(), valuesOf(a),
                  valuesOf(b), valuesOf(rowWeights), alpha, beta, valuesOf(out));
  }
  void unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override {
    visitUnit(units.type, [&](auto unit) {
      runtime_.each(states.cols(), unitStatisticsKernel<decltype(unit)>, unitsOf(units), states.rows(), valuesOf(states), valuesOf(fields),
                    valuesOf(rowWeights), alpha, beta, valuesOf(out));
    });
  }
  void moments(const MomentTerm& term, bool accumulate, Doubles& out) override {
    visitUnit(term.units.type, [&](auto unit) {
      runtime_.each(term.values->cols(), momentsKernel<decltype(unit)>, unitsOf(term.units), term.values->rows(), valuesOf(term.values),
                    valuesOf(term.centre), term.means, valuesOf(term.fields), valuesOf(term.rowWeights), term.alpha, accumulate,
                    numbersOf(out));
    });
  }
  void mixVariances(double rate, const Doubles& moments, Tensor& variances) override {
    runtime_.each(variances.cols(), mixVariancesKernel, variances.cols(), rate, numbersOf(moments), valuesOf(variances));
  }
  void inverseDeviations(const Tensor& variances, double least, const Graph* graph, Tensor& out) override {
    const std::size_t places = variances.cols();
    runtime_.blocks({1, threadsPerBlock}, meanVarianceKernel, places, valuesOf(variances), mean_.data());
    if (graph)
      runtime_.each(graph->weights(), inverseDeviationsAlongKernel, graph->weights(), graph->size(), graphOf(*graph).edges.data(),
                    valuesOf(variances), least, mean_.data(), valuesOf(out));
    else
      runtime_.each(places, inverseDeviationsKernel, places, valuesOf(variances), least, mean_.data(), valuesOf(out));
  }

  // --- networks ----------------------------------------------------------------------------------
  void throughMeans(const Units& units, const Tensor& fields, const Tensor& mean, Tensor& gradient) override {
    visitUnit(units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const RowUnits<float> view = unitsOf(units);
      const std::size_t n = gradient.rows() * (view.places / unitSize<Unit>(view));
      runtime_.each(n, throughMeansKernel<Unit>, n, view, valuesOf(fields), valuesOf(mean), valuesOf(gradient));
    });
  }
  void drop(const Stream& stream, double rate, const Tensor& from, Tensor& out) override {
    runtime_.each(from.rows() * groupsOf(from.cols()), dropKernel, from.rows(), from.cols(), stream, dropThreshold(rate),
                  static_cast<float>(1 / (1 - rate)), valuesOf(from), valuesOf(out));
  }
  void limitColumns(double limit, Tensor& weights) override {
    runtime_.each(weights.cols(), limitColumnsKernel, weights.rows(), weights.cols(), limit, valuesOf(weights));
  }

  // --- reductions --------------------------------------------------------------------------------
  void unitEnergies(const Units& units, const Tensor& states, const RowSum& sum) override {
    visitUnit(units.type, [&](auto unit) {
      runtime_.blocks(rowShape(states), energiesKernel<decltype(unit)>, unitsOf(units), valuesOf(states), viewOf(sum));
    });
  }
  void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, const RowSum& sum) override {
    const float* shifted = valuesOf(fields);
    if (shift) {
      const std::size_t n = sizeOf(fields);
      const DeviceArray<std::uint32_t> unit(runtime_, shift->unit);
      const DeviceArray<double> amount(runtime_, shift->amount);
      float* moved = scratch(n);
      runtime_.each(n, shiftKernel, n, fields.cols(), shifted, valuesOf(shift->weights), unit.data(), amount.data(), moved);
      shifted = moved;
    }
    visitUnit(units.type, [&](auto unit) {
      runtime_.blocks(rowShape(fields), cumulantsKernel<decltype(unit)>, unitsOf(units), shifted, static_cast<float>(beta), viewOf(sum));
    });
  }
  void rowDots(const Tensor& a, const Tensor& b, const RowSum& sum) override {
    runtime_.blocks(rowShape(a), rowDotsKernel, a.cols(), valuesOf(a), valuesOf(b), viewOf(sum));
  }

  // --- parameters --------------------------------------------------------------------------------
  StepOutcomePtr stepOutcome() override { return std::make_unique<CudaOutcome>(runtime_); }

  void optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots, StepOutcome& outcome) override {
    for (const ParameterSlot& slot : slots)
      for (const StatisticsTerm& term : slot.terms)
        statistics(*term.a, *term.b, term.rowWeights, term.alpha, &term == slot.terms.data() ? 0 : 1, *slot.gradient);
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
      runtime_.each(place.n, proposeKernel, place, view, static_cast<int>(i), stateOf(outcome));
    }
    runtime_.each(1, decideKernel, stateOf(outcome));
    for (const ParameterSlot& slot : slots)
      runtime_.each(sizeOf(*slot.parameter), takeKernel, sizeOf(*slot.parameter), valuesOf(slot.parameter), valuesOf(slot.gradient),
                    stateOf(std::as_const(outcome)));
  }

  void requireWithin(const Tensor& parameter, std::span<const double> limits, std::ptrdiff_t index, StepOutcome& outcome) override {
    const DeviceArray<double> bounds(runtime_, limits);
    runtime_.each(sizeOf(parameter), boundKernel, sizeOf(parameter), parameter.cols(), valuesOf(parameter), bounds.data(),
                  stateOf(outcome));
    runtime_.each(1, refuseKernel, static_cast<long long>(index), stateOf(outcome));
  }
  void axpbyWhen(When when, const StepOutcome& outcome, double alpha, const Tensor& x, double beta, Tensor& y) override {
    runtime_.each(sizeOf(y), axpbyKernel, sizeOf(y), alpha, valuesOf(x), beta, valuesOf(y), stateOf(outcome), when == When::refused);
  }
  Verdict read(const StepOutcome& outcome) override {
    OutcomeState state;
    runtime_.copyOut(stateOf(outcome), sizeof state, &state);
    return {static_cast<std::ptrdiff_t>(state.refused), state.accepted};
  }
  void reset(StepOutcome& outcome) override { runtime_.each(1, resetKernel, stateOf(outcome)); }

 private:
  static Shape rowShape(const Tensor& rows) { return {static_cast<unsigned>(rows.rows()), threadsPerRow}; }
  static const std::uint32_t* rowsOf(const Batch& batch) { return static_cast<const CudaOrder&>(*batch.order).rows.data() + batch.first; }
  static RowUnits<float> unitsOf(const Units& units) {
    return {valuesOf(*units.parameters), units.parameters->cols(), units.size, units.parameters->cols()};
  }
  static SumView viewOf(const RowSum& sum) { return {numbersOf(*sum.out), sum.factor, sum.accumulate}; }

  UpdateView viewOf(const UnitUpdate& update) {
    UpdateView view{update.stream, update.firstChain, static_cast<float>(update.beta), nullptr, update.draw};
    if (update.betas.empty()) return view;
    const std::vector<float> betas(update.betas.begin(), update.betas.end());
    betas_ = {runtime_, betas};
    view.betas = betas_.data();
    return view;
  }

  void product(const Factor& left, const Factor& right, std::size_t depth, double alpha, double beta, Tensor& out) {
    if (left.count > 0 && right.count > 0)
      runtime_.blocks(tileShape(left.count, right.count), productKernel, left, right, depth, alpha, beta, valuesOf(out));
  }

  // Memory for n floats until the next call. What runs before on the stream has used it by then.
  float* scratch(std::size_t n) {
    if (scratch_.size() < n) scratch_ = {runtime_, n};
    return scratch_.data();
  }

  CudaGraph& graphOf(const Graph& graph) {
    const auto found = graphs_.find(graph.id());
    if (found != graphs_.end()) return *found->second;
    return *graphs_.emplace(graph.id(), std::make_unique<CudaGraph>(runtime_, graph)).first->second;
  }

  Runtime runtime_;
  DeviceArray<double> mean_;
  DeviceArray<float> scratch_, betas_;
  // One graph to a coupling; those of machines that are gone stay until the backend goes.
  std::unordered_map<std::uint64_t, std::unique_ptr<CudaGraph>> graphs_;
};

}  // namespace

std::unique_ptr<Backend> makeCudaBackend(int device) { return std::make_unique<CudaBackend>(device); }

}  // namespace boltzkit::cuda
