// The interface of backend.hpp in plain loops and double precision, one thread, written to be read: the oracle that the fast
// backends are held against, and a device that users can select to check a result.
#include <algorithm>
#include <cmath>
#include <vector>

#include "backend.hpp"

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

class ReferenceBackend final : public Backend {
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
  void gather(const Data& from, std::span<const std::uint32_t> rows, Tensor& out) override {
    const Rows& source = *static_cast<const HostData&>(from).source;
    std::vector<float> row(source.cols());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      source.expand(rows[r], row.data());
      std::copy(row.begin(), row.end(), of(out).row(r));
    }
  }

  void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) override {
    if (!accumulate) fill(0, out);
    for (const FieldTerm& term : terms) {
      const DoubleTensor &s = of(*term.states), &w = of(*term.weights);
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
      using Unit = decltype(unit);
      const double* p = of(*update.units.parameters).values.data();
      const std::size_t units = fields.cols();
      for (std::size_t r = 0; r < fields.rows(); ++r)
        for (std::size_t j = 0; j < units; ++j) {
          const double field = of(fields).row(r)[j];
          if (mean) of(*mean).row(r)[j] = Unit::mean(field, update.beta, p + j, units);
          if (!sample) continue;
          std::uint32_t words[Unit::wordsPerUnit];
          for (std::size_t k = 0; k < Unit::wordsPerUnit; ++k) {
            const std::size_t word = j * Unit::wordsPerUnit + k;
            words[k] = streamWords(update.stream, static_cast<std::uint32_t>(update.firstChain + r), static_cast<std::uint32_t>(word / 4))
                           .w[word % 4];
          }
          of(*sample).row(r)[j] = Unit::sample(field, update.beta, p + j, units, words);
        }
    });
  }

  void clamp(const Tensor& mask, const Tensor& values, Tensor& states) override {
    for (std::size_t r = 0; r < states.rows(); ++r)
      for (std::size_t j = 0; j < states.cols(); ++j)
        if (of(mask).row(mask.rows() == 1 ? 0 : r)[j] != 0) of(states).row(r)[j] = of(values).row(values.rows() == 1 ? 0 : r)[j];
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

  void unitStatistics(UnitType type, const Tensor& states, const Tensor* rowWeights, double alpha, double beta, Tensor& out) override {
    visitUnit(type, [&](auto unit) {
      using Unit = decltype(unit);
      for (std::size_t j = 0; j < states.cols(); ++j) {
        double sum[Unit::parameters] = {};
        for (std::size_t r = 0; r < states.rows(); ++r) {
          double statistic[Unit::parameters];
          Unit::statistics(of(states).row(r)[j], statistic);
          for (std::size_t k = 0; k < Unit::parameters; ++k) sum[k] += weight(rowWeights, r) * statistic[k];
        }
        for (std::size_t k = 0; k < Unit::parameters; ++k) {
          double& place = of(out).row(k)[j];
          place = (beta == 0 ? 0 : beta * place) + alpha * sum[k];
        }
      }
    });
  }

  void unitEnergies(const Units& units, const Tensor& states, std::span<double> out) override {
    visitUnit(units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const double* p = of(*units.parameters).values.data();
      for (std::size_t r = 0; r < states.rows(); ++r) {
        out[r] = 0;
        for (std::size_t j = 0; j < states.cols(); ++j) out[r] += Unit::energy(of(states).row(r)[j], p + j, states.cols());
      }
    });
  }

  void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, std::span<double> out) override {
    visitUnit(units.type, [&](auto unit) {
      using Unit = decltype(unit);
      const double* p = of(*units.parameters).values.data();
      for (std::size_t r = 0; r < fields.rows(); ++r) {
        out[r] = 0;
        for (std::size_t j = 0; j < fields.cols(); ++j) {
          const double moved = shift ? shift->amount[r] * of(*shift->weights).row(shift->unit[r])[j] : 0;
          out[r] += Unit::cumulant(of(fields).row(r)[j] + moved, beta, p + j, fields.cols());
        }
      }
    });
  }

  void rowDots(const Tensor& a, const Tensor& b, std::span<double> out) override {
    for (std::size_t r = 0; r < a.rows(); ++r) {
      out[r] = 0;
      for (std::size_t j = 0; j < a.cols(); ++j) out[r] += of(a).row(r)[j] * of(b).row(r)[j];
    }
  }

  std::ptrdiff_t optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots) override {
    std::ptrdiff_t bad = -1;
    for (std::size_t i = 0; i < slots.size() && bad < 0; ++i)
      if (!proposeStep(step, slots[i])) bad = static_cast<std::ptrdiff_t>(i);
    if (bad >= 0) return bad;
    for (const ParameterSlot& slot : slots) axpby(1, *slot.gradient, 1, *slot.parameter);
    return -1;
  }

 private:
  static double weight(const Tensor* rowWeights, std::size_t r) { return rowWeights ? of(*rowWeights).values[r] : 1; }

  // Turns the gradient into the step and says whether the parameter would stay finite.
  static bool proposeStep(const OptimiserStep& step, const ParameterSlot& slot) {
    const double rate = step.learningRate * slot.rate;
    const double correct1 = 1 - std::pow(step.beta1, static_cast<double>(step.t));
    const double correct2 = 1 - std::pow(step.beta2, static_cast<double>(step.t));
    bool finite = true;
    for (std::size_t i = 0; i < of(*slot.parameter).size(); ++i) {
      const double p = of(*slot.parameter).values[i];
      const double g = of(*slot.gradient).values[i] - slot.l1 * sign(p) - slot.l2 * p;
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
      of(*slot.gradient).values[i] = taken;
      finite = finite && std::fabs(p + taken) <= largestParameter;  // false for NaN
    }
    return finite;
  }
};

}  // namespace

std::unique_ptr<Backend> makeReferenceBackend() { return std::make_unique<ReferenceBackend>(); }

}  // namespace boltzkit
