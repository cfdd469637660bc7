// Implements backend.hpp in plain loops, double precision and one thread; written to be read. Tests
// compare the fast backends with it, and users can select it to check a result.
#include <algorithm>
#include <cmath>
#include <vector>

#include "host_backend.hpp"
#include "units/rows.hpp"

namespace boltzkit {
namespace {

struct DoubleTensor final : Tensor {
  DoubleTensor(std::size_t rows, std::size_t cols) : Tensor(rows, cols), values(rows * cols, 0.0) {}
  double* row(std::size_t r) { return values.data() + r * cols(); }
  const double* row(std::size_t r) const { return values.data() + r * cols(); }
  std::size_t size() const { return rows() * cols(); }
  std::vector<double> values;
};

DoubleTensor& of(Tensor& t) { return static_cast<DoubleTensor&>(t); }
const DoubleTensor& of(const Tensor& t) { return static_cast<const DoubleTensor&>(t); }

struct HostData final : Data {
  explicit HostData(std::shared_ptr<const Rows> r) : source(std::move(r)) {}
  std::size_t rows() const override { return source->rows(); }
  std::size_t cols() const override { return source->cols(); }
  std::shared_ptr<const Rows> source;
};

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

class ReferenceBackend final : public HostBackend {
 public:
  const char* name() const override { return "reference"; }
  Precision precision() const override { return Precision::float64; }
  void run(const std::function<void()>& job) override { job(); }

  TensorPtr tensor(std::size_t rows, std::size_t cols) override { return std::make_unique<DoubleTensor>(rows, cols); }
  void upload(std::span<const float> from, Tensor& to) override { std::copy(from.begin(), from.end(), of(to).values.begin()); }
  void upload(std::span<const double> from, Tensor& to) override { std::copy(from.begin(), from.end(), of(to).values.begin()); }
  void download(const Tensor& from, std::span<float> to) override {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(of(from).values[i]);
  }
  void download(const Tensor& from, std::span<double> to) override {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = of(from).values[i];
  }
  void fill(double value, Tensor& out) override {
    for (std::size_t i = 0; i < of(out).size(); ++i) of(out).values[i] = value;
  }
  void axpby(double alpha, const Tensor& x, double beta, Tensor& y) override {
    for (std::size_t i = 0; i < of(y).size(); ++i) of(y).values[i] = alpha * of(x).values[i] + (beta == 0 ? 0 : beta * of(y).values[i]);
  }
  DataPtr data(std::shared_ptr<const Rows> rows) override { return std::make_unique<HostData>(std::move(rows)); }
  void gather(const Data& from, const Batch& batch, Tensor& out) override {
    const std::span<const std::uint32_t> rows = rowsOf(batch);
    const Rows& source = *static_cast<const HostData&>(from).source;
    std::vector<float> row(source.cols());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      source.expand(rows[r], row.data());
      std::copy(row.begin(), row.end(), of(out).row(r));
    }
  }

  void gatherColumns(const Tensor& from, const Batch& batch, Tensor& out) override {
    const std::span<const std::uint32_t> columns = rowsOf(batch);
    for (std::size_t j = 0; j < columns.size(); ++j) of(out).values[j] = of(from).values[columns[j]];
  }

  void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) override {
    if (!accumulate) fill(0, out);
    for (const FieldTerm& term : terms) {
      const DoubleTensor &s = of(*term.states), &w = of(*term.weights);
      if (term.graph) {
        for (std::size_t r = 0; r < out.rows(); ++r)
          for (std::size_t j = 0; j < out.cols(); ++j) of(out).row(r)[j] += term.scale * graphField(*term.graph, w.row(0), s.row(r), j);
        continue;
      }
      for (std::size_t r = 0; r < out.rows(); ++r)
        for (std::size_t j = 0; j < out.cols(); ++j) {
          double sum = 0;
          for (std::size_t i = 0; i < s.cols(); ++i) sum += s.row(r)[i] * (term.transposed ? w.row(j)[i] : w.row(i)[j]);
          of(out).row(r)[j] += term.scale * sum;
        }
    }
  }

  void updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) override {
    visitUnit(update.units.type, [&](auto unit) {
      for (std::size_t r = 0; r < fields.rows(); ++r) {
        RowWords words(update.stream, static_cast<std::uint32_t>(update.firstChain + r));
        updateRow<decltype(unit)>(row(update.units), of(fields).row(r), update.betaOf(r), update.draw,
                                  update.before ? of(*update.before).row(r) : nullptr, words, mean ? of(*mean).row(r) : nullptr,
                                  sample ? of(*sample).row(r) : nullptr);
      }
    });
  }

  void sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) override {
    visitUnit(update.units.type, [&](auto unit) {
      std::vector<double> scratch(update.units.size);
      for (std::size_t r = 0; r < states.rows(); ++r)
        for (std::uint64_t n = 0; n < sweep.sweeps; ++n) {
          Stream stream = update.stream;
          stream.step += n;
          RowWords words(stream, static_cast<std::uint32_t>(update.firstChain + r));
          double* s = of(states).row(r);
          auto lateral = [&](std::size_t j) {
            return sweep.graph ? graphField(*sweep.graph, of(*sweep.weights).row(0), s, j) : denseField(of(*sweep.weights), s, j);
          };
          sweepRow<decltype(unit)>(row(update.units), sweep.graph ? sweep.graph->order().data() : nullptr,
                                   sweep.fields ? of(*sweep.fields).row(r) : nullptr,
                                   sweep.keep ? of(*sweep.keep).row(sweep.keep->rows() == 1 ? 0 : r) : nullptr, update.betaOf(r),
                                   update.draw, words, lateral, scratch.data(), s);
        }
    });
  }

  void clamp(const Tensor& mask, const Tensor& values, Tensor& states) override {
    for (std::size_t r = 0; r < states.rows(); ++r)
      for (std::size_t j = 0; j < states.cols(); ++j)
        if (of(mask).row(mask.rows() == 1 ? 0 : r)[j] != 0) of(states).row(r)[j] = of(values).row(values.rows() == 1 ? 0 : r)[j];
  }

  void drawBinary(const Stream& stream, std::uint32_t firstChain, Tensor& states) override {
    for (std::size_t r = 0; r < states.rows(); ++r) {
      RowWords words(stream, static_cast<std::uint32_t>(firstChain + r));
      drawBinaryRow(words, states.cols(), of(states).row(r));
    }
  }

  void splitMissing(Tensor& states, Tensor& present) override {
    for (std::size_t i = 0; i < of(states).size(); ++i) {
      double& value = of(states).values[i];
      of(present).values[i] = std::isnan(value) ? 0 : 1;
      if (std::isnan(value)) value = 0;
    }
  }

  void edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override {
    const std::uint32_t size = graph.size();
    for (std::uint32_t e = 0; e < graph.edges().size(); ++e)
      for (std::uint32_t k = 0; k < size; ++k)
        for (std::uint32_t l = 0; l < size; ++l) {
          const std::size_t i = std::size_t{graph.edges()[e].first} * size + k, j = std::size_t{graph.edges()[e].second} * size + l;
          double sum = 0;
          for (std::size_t r = 0; r < a.rows(); ++r)
            sum += weight(rowWeights, r) * (of(a).row(r)[i] * of(b).row(r)[j] + of(b).row(r)[i] * of(a).row(r)[j]) / 2;
          double& place = of(out).values[(std::size_t{e} * size + k) * size + l];
          place = (beta == 0 ? 0 : beta * place) + alpha * sum;
        }
  }

  void statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) override {
    for (std::size_t i = 0; i < a.cols(); ++i)
      for (std::size_t j = 0; j < b.cols(); ++j) {
        double sum = 0;
        for (std::size_t r = 0; r < a.rows(); ++r) sum += weight(rowWeights, r) * of(a).row(r)[i] * of(b).row(r)[j];
        double& place = of(out).row(i)[j];
        place = (beta == 0 ? 0 : beta * place) + alpha * sum;
      }
  }

  void unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override {
    visitUnit(units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const std::size_t places = states.cols();
      std::vector<double> sums(Unit::parameters * places, 0.0);
      for (std::size_t r = 0; r < states.rows(); ++r)
        addStatistics<Unit>(row(units), of(states).row(r), fields ? of(*fields).row(r) : nullptr, weight(rowWeights, r), 0, places, places,
                            sums.data());
      for (std::size_t i = 0; i < sums.size(); ++i) {
        double& place = of(out).values[i];
        place = (beta == 0 ? 0 : beta * place) + alpha * sums[i];
      }
    });
  }

  void moments(const MomentTerm& term, bool accumulate, Doubles& out) override {
    visitUnit(term.units.type, [&](auto unit) {
      const std::size_t places = term.values->cols();
      std::vector<double>& sums = numbersOf(out);
      if (!accumulate) std::fill(sums.begin(), sums.end(), 0.0);
      for (std::size_t r = 0; r < term.values->rows(); ++r)
        addMoments<decltype(unit)>(row(term.units), of(*term.values).row(r), of(*term.centre).row(0), term.means,
                                   term.fields ? of(*term.fields).row(r) : nullptr, term.alpha * weight(term.rowWeights, r), 0, places,
                                   sums.data(), sums.data() + places);
    });
  }

  void throughMeans(const Units& units, const Tensor& fields, const Tensor& mean, Tensor& gradient) override {
    visitUnit(units.type, [&](auto unit) {
      for (std::size_t r = 0; r < gradient.rows(); ++r)
        throughMeansRow<decltype(unit)>(row(units), of(fields).row(r), of(mean).row(r), of(gradient).row(r));
    });
  }

  void drop(const Stream& stream, double rate, const Tensor& from, Tensor& out) override {
    for (std::size_t r = 0; r < from.rows(); ++r) {
      RowWords words(stream, static_cast<std::uint32_t>(r));
      dropRow(words, rate, of(from).row(r), from.cols(), of(out).row(r));
    }
  }

  void limitColumns(double limit, Tensor& weights) override {
    for (std::size_t j = 0; j < weights.cols(); ++j) {
      double squares = 0;
      for (std::size_t i = 0; i < weights.rows(); ++i) squares += of(weights).row(i)[j] * of(weights).row(i)[j];
      if (!(squares > limit * limit)) continue;
      for (std::size_t i = 0; i < weights.rows(); ++i) of(weights).row(i)[j] *= limit / std::sqrt(squares);
    }
  }

  void unitEnergies(const Units& units, const Tensor& states, const RowSum& sum) override {
    visitUnit(units.type, [&](auto unit) {
      for (std::size_t r = 0; r < states.rows(); ++r) put(energyRow<decltype(unit)>(row(units), of(states).row(r)), sum, r);
    });
  }

  void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, const RowSum& sum) override {
    visitUnit(units.type, [&](auto unit) {
      std::vector<double> moved(fields.cols());
      for (std::size_t r = 0; r < fields.rows(); ++r) {
        for (std::size_t j = 0; j < moved.size(); ++j)
          moved[j] = of(fields).row(r)[j] + (shift ? shift->amount[r] * of(*shift->weights).row(shift->unit[r])[j] : 0);
        put(cumulantRow<decltype(unit), double>(row(units), moved.data(), beta, nullptr), sum, r);
      }
    });
  }

  void rowDots(const Tensor& a, const Tensor& b, const RowSum& sum) override {
    for (std::size_t r = 0; r < a.rows(); ++r) {
      double dot = 0;
      for (std::size_t j = 0; j < a.cols(); ++j) dot += of(a).row(r)[j] * of(b).row(r)[j];
      put(dot, sum, r);
    }
  }

  void requireWithin(const Tensor& parameter, std::span<const double> limits, std::ptrdiff_t index, StepOutcome& outcome) override {
    const std::size_t cols = parameter.cols();
    for (std::size_t i = 0; i < parameter.rows() * cols; ++i)
      if (!(std::fabs(of(parameter).values[i]) <= limits[i / cols])) return refuse(index, outcome);
  }

 private:
  std::ptrdiff_t takeStep(const OptimiserStep& step, std::span<const ParameterSlot> slots) override {
    std::ptrdiff_t bad = -1;
    for (const ParameterSlot& slot : slots)
      for (const StatisticsTerm& term : slot.terms)
        statistics(*term.a, *term.b, term.rowWeights, term.alpha, &term == slot.terms.data() ? 0 : 1, *slot.gradient);
    for (std::size_t i = 0; i < slots.size() && bad < 0; ++i)
      if (!proposeStep(step, slots[i])) bad = static_cast<std::ptrdiff_t>(i);
    if (bad >= 0) return bad;
    for (const ParameterSlot& slot : slots) axpby(1, *slot.gradient, 1, *slot.parameter);
    return -1;
  }

  static double denseField(const DoubleTensor& weights, const double* states, std::size_t place) {
    double sum = 0;
    for (std::size_t k = 0; k < weights.cols(); ++k) sum += weights.row(place)[k] * states[k];
    return sum;
  }
  static double graphField(const Graph& graph, const double* weights, const double* states, std::size_t place) {
    const std::size_t unit = place / graph.size();
    const auto k = static_cast<std::uint32_t>(place % graph.size());
    double sum = 0;
    for (const Graph::Neighbour* n = graph.begin(unit); n != graph.end(unit); ++n)
      for (std::uint32_t l = 0; l < graph.size(); ++l)
        sum += weights[graph.weight(*n, k, l)] * states[std::size_t{n->unit} * graph.size() + l];
    return sum;
  }
  static RowUnits<double> row(const Units& units) {
    const DoubleTensor& p = of(*units.parameters);
    return {p.values.data(), p.cols(), units.size, p.cols()};
  }
  static double weight(const Tensor* rowWeights, std::size_t r) { return rowWeights ? of(*rowWeights).values[r] : 1; }

  // Turns the gradient into the step. Returns false if a new parameter would be NaN or beyond
  // largestParameter.
  static bool proposeStep(const OptimiserStep& step, const ParameterSlot& slot) {
    const double rate = step.learningRate * slot.rate;
    const double correct1 = 1 - std::pow(step.beta1, static_cast<double>(step.t));
    const double correct2 = 1 - std::pow(step.beta2, static_cast<double>(step.t));
    bool finite = true;
    for (std::size_t i = 0; i < of(*slot.parameter).size(); ++i) {
      const std::size_t cols = slot.parameter->cols();
      const double scale = weight(slot.rowScale, i / cols) * weight(slot.colScale, i % cols);
      const double p = of(*slot.parameter).values[i];
      const double g = (of(*slot.gradient).values[i] - slot.l1 * sign(p) - slot.l2 * p) * scale;
      double& m = of(*slot.velocity).values[i];
      double taken;
      if (step.kind == OptimiserStep::Kind::sgd) {
        m = step.momentum * m + rate * g;
        taken = m;
      } else {
        double& v = of(*slot.second).values[i];
        m = step.beta1 * m + (1 - step.beta1) * g;
        v = step.beta2 * v + (1 - step.beta2) * g * g;
        taken = rate * (m / correct1) / (std::sqrt(v / correct2) + step.epsilon);
      }
      taken *= scale;
      of(*slot.gradient).values[i] = taken;
      // The comparison is false for NaN.
      finite = finite && std::fabs(p + taken) <= largestParameter;
    }
    return finite;
  }
};

}  // namespace

std::unique_ptr<Backend> makeReferenceBackend() { return std::make_unique<ReferenceBackend>(); }

}  // namespace boltzkit
