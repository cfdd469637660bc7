// The interface between the algorithms and the hardware: buffers, fields, unit updates, statistics,
// reductions and parameter steps. Code above it is written once and never assumes that data are in
// host memory.
//
// Rules for every backend:
// * A tensor is a row-major matrix [rows, cols] of the backend's precision. Only upload and
//   download touch host memory.
// * Random words come from core/random.hpp: row r of a tensor is chain firstChain + r, column j is
//   place j.
// * Results do not depend on the number of threads: reductions have a fixed order.
// * An update of a machine creates no tensor, transfers nothing and reads nothing back.
//   test/residence_test.cpp checks this and names the exceptions.
// * Outputs never alias inputs unless a comment allows it. The caller (machine/) checks shapes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/graph.hpp"
#include "core/random.hpp"
#include "core/rows.hpp"
#include "units/units.hpp"

namespace boltzkit {

enum class Precision { float32, float64 };

class Tensor {
 public:
  Tensor(std::size_t rows, std::size_t cols) : capacity_(rows), rows_(rows), cols_(cols) {}
  virtual ~Tensor() = default;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t capacity() const { return capacity_; }
  // Uses only the first n rows from now on and keeps the contents: the last minibatch of an epoch
  // is often short. Throws std::out_of_range if n exceeds the capacity.
  void setRows(std::size_t n) {
    if (n > capacity_)
      throw std::out_of_range("a tensor with room for " + std::to_string(capacity_) + " rows cannot have " + std::to_string(n));
    rows_ = n;
  }

 private:
  std::size_t capacity_, rows_, cols_;
};
using TensorPtr = std::unique_ptr<Tensor>;

struct NamedTensor {
  std::string name;
  Tensor* tensor;
};

// A data set in the backend's memory: on the CPU the packed host rows, on a GPU a copy.
class Data {
 public:
  virtual ~Data() = default;
  virtual std::size_t rows() const = 0;
  virtual std::size_t cols() const = 0;
};
using DataPtr = std::unique_ptr<Data>;

// Row numbers in the backend's memory, uploaded once and used batch by batch.
class Order {
 public:
  virtual ~Order() = default;
};
using OrderPtr = std::unique_ptr<Order>;

// Rows order[first] ... order[first + count - 1] of a data set.
struct Batch {
  const Order* order;
  std::size_t first, count;
};

// Numbers in double precision in the backend's memory: sums over the places of each row, or over
// the rows of each place.
class Doubles {
 public:
  explicit Doubles(std::size_t size) : size_(size) {}
  virtual ~Doubles() = default;
  Doubles(const Doubles&) = delete;
  Doubles& operator=(const Doubles&) = delete;
  std::size_t size() const { return size_; }

 private:
  std::size_t size_;
};
using DoublesPtr = std::unique_ptr<Doubles>;

// Says if steps were accepted. The backend keeps it. A refusal lasts until `reset`, and later steps
// change nothing until then.
struct Verdict {
  std::ptrdiff_t refused = -1;  // slot or parameter that caused the refusal; -1: none
  std::uint64_t accepted = 0;   // steps accepted since the last reset
};
class StepOutcome {
 public:
  virtual ~StepOutcome() = default;
};
using StepOutcomePtr = std::unique_ptr<StepOutcome>;

// The units of one layer: type, size (see units/unit.hpp) and parameters [parameterCount, places].
struct Units {
  UnitType type;
  const Tensor* parameters;
  std::uint32_t size = 1;
};

// What a product is used for. This decides which errors it may have beyond those of single
// precision. They must have mean 0.
enum class Accuracy {
  full,  // any use; no further errors
  // Fields that are only used for draws or for the statistics of one minibatch. Their errors may
  // have a standard deviation of at most 2^-8. fieldsAndUnits divides this bound by beta and by the
  // largest standard deviation of a unit given its field, each where above 1.
  draws,
  // Statistics of one minibatch, from values between -1 and 1. The right factor may be rounded to
  // multiples of 2^-13 of its largest value.
  statistics,
};

// FieldTerm::reuse where nobody knows of a change of the weights.
inline constexpr std::uint64_t unlimitedReuse = UINT64_MAX;

// One product term of a field: out (+)= scale * states * weights, or states * weights^T.
struct FieldTerm {
  const Tensor* states;   // [rows, n]
  const Tensor* weights;  // [n, m], or [m, n] when transposed; [1, graph->weights()] with a graph
  bool transposed = false;
  double scale = 1;
  const Graph* graph = nullptr;        // a lateral coupling: n = m, only along these edges
  Accuracy accuracy = Accuracy::full;  // full or draws
  // How many rows of states these weights are expected to multiply until they change: rows times
  // sweeps. The backend decides from it if rounding the weights pays. So results depend on it, and
  // it must follow from the settings of a run alone.
  std::uint64_t reuse = unlimitedReuse;
};

struct UnitUpdate {
  Units units;
  double beta = 1;
  Stream stream{};               // used only to sample
  std::uint32_t firstChain = 0;  // the chain index of row 0
  // States that the draw replaces; may be the output. Count units take their totals from them.
  const Tensor* before = nullptr;
  std::span<const double> betas = {};  // one per row, replaces beta
  Draw draw = Draw::sample;            // what is written to `sample`

  double betaOf(std::size_t row) const { return betas.empty() ? beta : betas[row]; }
};

// Sequential sweeps over a layer with lateral couplings: each unit is drawn given the newest states
// of the others. Dense weights [places, places] are symmetric, and zero between places of one unit.
// They are swept in the order of the units, a graph in its own order. The unit at position p uses
// the random words from p * words(size) on. Sweep s uses step stream.step + s.
struct LateralSweep {
  const Tensor* weights;
  const Graph* graph = nullptr;    // if set, weights are [1, graph->weights()]
  const Tensor* fields = nullptr;  // [rows, places], from other layers; null: none
  // [1 or rows, places]. A nonzero value keeps the state. The places of one unit are all zero or
  // all nonzero.
  const Tensor* keep = nullptr;
  std::uint64_t sweeps = 1;
};

// Adds a multiple of one row of a weight matrix to each row of the fields:
//   field[r, j] += amount[r] * weights[unit[r], j]
struct FieldShift {
  const Tensor* weights;  // [n, places]
  std::span<const std::uint32_t> unit;
  std::span<const double> amount;
};

// alpha * sum_r weight[r] a[r, :]^T b[r, :]; see Backend::statistics.
struct StatisticsTerm {
  const Tensor *a, *b, *rowWeights;
  double alpha;
  Accuracy accuracy = Accuracy::full;  // full or statistics
};
inline constexpr std::size_t mostTerms = 6;

// Where a reduction over the places of each row goes: out[r] (+)= factor * the value of row r.
struct RowSum {
  Doubles* out;  // one number per row; it may have more
  double factor = 1;
  bool accumulate = false;
};

// Values of a layer about a centre; see Backend::moments.
struct MomentTerm {
  Units units;
  const Tensor* values;  // [rows, places]: states, or their conditional means
  const Tensor* centre;  // [1, places]
  // If the values are conditional means: adds the conditional variances at beta = 1. Types without
  // linear statistics compute these from the fields [rows, places].
  bool means = false;
  const Tensor* fields = nullptr;
  const Tensor* rowWeights = nullptr;  // [1, rows]; null: ones
  double alpha = 1;
};

// One parameter tensor with the state of its optimiser. `gradient` points uphill in log-likelihood;
// the step overwrites it with the step taken. `velocity` is the momentum (SGD) or the first moment
// (Adam). `second` is Adam's second moment, else null.
struct ParameterSlot {
  Tensor* parameter;
  Tensor* gradient;
  Tensor* velocity;
  Tensor* second;
  double l1 = 0, l2 = 0;  // decay: gradient -= l1 * sign(parameter) + l2 * parameter
  double rate = 1;        // factor of the learning rate
  // Scales of the parameters, [1, rows] and [1, cols]; null: ones. The optimiser works on
  // parameter[i, j] / (rowScale[i] colScale[j]). It gets the gradient (with decay) times both
  // scales, and its step times both scales is added to the parameter.
  const Tensor *rowScale = nullptr, *colScale = nullptr;
  // If not empty (at most mostTerms), the gradient is the sum of these terms and the contents of
  // `gradient` are ignored. The step computes the sum, so the gradient need not pass through
  // memory.
  std::span<const StatisticsTerm> terms = {};
  bool keepStep = true;  // false: nothing reads `gradient` afterwards, its contents are undefined
};

// Parameters with a larger absolute value count as diverged. This is far above any useful value,
// and low enough for sums of parameters to stay finite in single precision.
inline constexpr double largestParameter = 1e18;

struct OptimiserStep {
  enum class Kind { sgd, adam } kind = Kind::sgd;
  double learningRate = 0;
  // sgd: velocity = momentum * velocity + rate * gradient; step = velocity
  double momentum = 0;
  // adam (Kingma & Ba 2015, algorithm 1)
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  std::uint64_t t = 1;  // adam: number of this step, from 1
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual const char* name() const = 0;
  virtual Precision precision() const = 0;
  // Runs a job on the calling thread with the backend's resources (its thread team). Outside of a
  // job, operations run on one thread.
  virtual void run(const std::function<void()>& job) = 0;
  // Does work that comes again and again, such as an update. A device may start all of it at once.
  virtual void together(const std::function<void()>& work) { work(); }
  // Chains that are best moved on together: enough to keep the device busy, few enough for their
  // states to stay near. No result depends on it.
  virtual std::size_t chainsAtOnce() const { return 512; }

  // --- buffers -----------------------------------------------------------------------------------
  virtual TensorPtr tensor(std::size_t rows, std::size_t cols) = 0;  // filled with zeros
  // `from`: to.rows() * to.cols() values
  virtual void upload(std::span<const float> from, Tensor& to) = 0;
  virtual void upload(std::span<const double> from, Tensor& to) = 0;
  virtual void download(const Tensor& from, std::span<float> to) = 0;
  virtual void download(const Tensor& from, std::span<double> to) = 0;
  virtual void fill(double value, Tensor& out) = 0;
  // y = alpha x + beta y; with beta 0, y is not read. x may be y.
  virtual void axpby(double alpha, const Tensor& x, double beta, Tensor& y) = 0;
  virtual DoublesPtr doubles(std::size_t n) = 0;  // zeros
  // Waits for the numbers: `to` gets the first to.size() of them.
  virtual void read(const Doubles& from, std::span<double> to) = 0;
  virtual DataPtr data(std::shared_ptr<const Rows> rows) = 0;
  virtual OrderPtr order(std::vector<std::uint32_t> rows) = 0;
  // Row r of `out` is row r of the batch; out.rows() == batch.count.
  virtual void gather(const Data& from, const Batch& batch, Tensor& out) = 0;
  // out[0, j] = from[0, row number j of the batch] for j < batch.count. `from` and `out` have one
  // row.
  virtual void gatherColumns(const Tensor& from, const Batch& batch, Tensor& out) = 0;

  // out [rows, m] = sum of the terms, + out if `accumulate`.
  virtual void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) = 0;
  // True if fields of this accuracy use rounded weights, the same ones for `weights` and for their
  // transpose. Fields of binary states are then those of one machine, which annealing needs.
  virtual bool sameRounding(const Tensor& /*weights*/, Accuracy) { return false; }
  // Conditional means and samples of a layer given its fields. Either output may be null.
  virtual void updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) = 0;
  // `fields` without accumulation and updateUnits in one call, so that fields need not pass through
  // memory. Afterwards `fields` [rows, m] holds them if the type's statistics are not linear,
  // else its contents are undefined.
  virtual void fieldsAndUnits(std::span<const FieldTerm> terms, const UnitUpdate& update, Tensor& fields, Tensor* mean, Tensor* sample) {
    this->fields(terms, false, fields);
    updateUnits(update, fields, mean, sample);
  }
  // Sweeps a layer with lateral couplings, in place.
  virtual void sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) = 0;
  // states[r, j] = values[r or 0, j] where mask[r or 0, j] != 0. mask and values have one row, or
  // as many as states.
  virtual void clamp(const Tensor& mask, const Tensor& values, Tensor& states) = 0;
  // Replaces missing values (NaN) in states by 0. present[r, j] = 0 for these, 1 for all others.
  // Both have the same shape.
  virtual void splitMissing(Tensor& states, Tensor& present) = 0;
  // Replaces each value p in [0, 1] by a draw of a binary unit with mean p: 1 if the uniform random
  // number of its place is below p, else 0.
  virtual void drawBinary(const Stream& stream, std::uint32_t firstChain, Tensor& states) = 0;

  // out [n, m] = beta * out + alpha * sum_r weight[r] a[r, :]^T b[r, :]. rowWeights [1, rows];
  // null: ones.
  virtual void statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) = 0;
  // The same for the edges of a graph, with both ends treated alike:
  //   out[e] = beta * out[e] + alpha * sum_r weight[r] (a_i b_j + b_i a_j) / 2
  // for the places i and j that weight e joins; out [1, graph.weights()].
  virtual void edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                              Tensor& out) = 0;
  // out [parameterCount, places] = beta * out + alpha * sum_r weight[r] statistics(states[r, :]).
  // With `fields`, the conditional means of the statistics replace those of the states. Types with
  // linear statistics pass means as `states` instead.
  virtual void unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha,
                              double beta, Tensor& out) = 0;

  // --- variances ---------------------------------------------------------------------------------
  // Moments of all places about a centre, with d[r, j] = values[r, j] - centre[j]:
  //   out[j]          (+)= alpha * sum_r weight[r] d[r, j]
  //   out[places + j] (+)= alpha * sum_r weight[r] (d[r, j]^2 + variance[r, j])
  // The conditional variance is 0 unless the values are means. `out` has 2 * places numbers.
  virtual void moments(const MomentTerm& term, bool accumulate, Doubles& out) = 0;
  // Variances v [1, places] of a mixture: 1 - rate of the old distribution, and `rate` of values
  // with these moments m about the old mean.
  //   v[j] = max(0, (1 - rate) v[j] + rate m[places + j] - (rate m[j])^2)
  virtual void mixVariances(double rate, const Doubles& moments, Tensor& variances) = 0;
  // out [1, places] = 1 / sqrt(max(v, least^2 * the mean of v)), all 1 if that mean is 0. With a
  // graph, out [1, graph->weights()] holds the product for both places that a weight joins.
  virtual void inverseDeviations(const Tensor& variances, double least, const Graph* graph, Tensor& out) = 0;

  // --- categories --------------------------------------------------------------------------------
  // The gradient of weight[r] sum_k targets[r, k] log p(k | r) with respect to the logs of the
  // categories' weights, p(k | r) being proportional to exp(logs[r * categories + k]):
  //   out[0, r * categories + k] = weight[r] (targets[r, k] - p(k | r))
  // targets [rows, categories], each row adds up to 1; rowWeights [1, rows], null: ones.
  virtual void categoryErrors(const Doubles& logs, const Tensor& targets, const Tensor* rowWeights, Tensor& out) = 0;

  // --- networks ----------------------------------------------------------------------------------
  // Turns a gradient [rows, places] with respect to the means of units into one with respect to
  // their fields, in place, at beta = 1: times the derivative of the mean, which is the variance
  // (of a grouped unit the covariance of its places). `fields` is read only for types whose
  // statistics are not linear.
  virtual void throughMeans(const Units& units, const Tensor& fields, const Tensor& mean, Tensor& gradient) = 0;
  // out[r, j] = 0 where the uniform number of row r and place j is below `rate`, else
  // from[r, j] / (1 - rate). `out` may be `from`.
  virtual void drop(const Stream& stream, double rate, const Tensor& from, Tensor& out) = 0;
  // Scales the columns whose norm is above `limit` down to it.
  virtual void limitColumns(double limit, Tensor& weights) = 0;

  // --- reductions over units, one double per row -------------------------------------------------
  // sum_j U(s_j)
  virtual void unitEnergies(const Units& units, const Tensor& states, const RowSum& sum) = 0;
  // The log of the sum over all states of the units, given fields [rows, places] and beta. `shift`
  // moves the fields, if not null.
  virtual void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, const RowSum& sum) = 0;
  // sum_j a_j b_j
  virtual void rowDots(const Tensor& a, const Tensor& b, const RowSum& sum) = 0;

  // --- parameters --------------------------------------------------------------------------------
  virtual StepOutcomePtr stepOutcome() = 0;
  // Takes one step on every slot, or on none. If a new parameter would be NaN or beyond
  // largestParameter, no parameter changes and the outcome refuses the first such slot. Velocities
  // are then unspecified. After a refusal, later steps change no parameter. Where steps are kept, a
  // refused step is zero.
  virtual void optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots, StepOutcome& outcome) = 0;
  // Refuses the last step unless |value| <= limits[row] for all values of `parameter`. The outcome
  // names it by `index`.
  virtual void requireWithin(const Tensor& parameter, std::span<const double> limits, std::ptrdiff_t index, StepOutcome& outcome) = 0;
  // axpby, only if the outcome is a refusal, or only if it is not.
  enum class When { refused, accepted };
  virtual void axpbyWhen(When when, const StepOutcome& outcome, double alpha, const Tensor& x, double beta, Tensor& y) {
    if ((read(outcome).refused >= 0) == (when == When::refused)) axpby(alpha, x, beta, y);
  }
  // Waits for all steps so far. Callers read every stepsBetweenReads() steps: a host after each
  // step, a device less often.
  virtual Verdict read(const StepOutcome& outcome) = 0;
  virtual std::uint64_t stepsBetweenReads() const { return 1; }
  virtual void reset(StepOutcome& outcome) = 0;
};

// All values of a tensor, row by row.
inline std::vector<double> valuesOf(Backend& backend, const Tensor& tensor) {
  std::vector<double> values(tensor.rows() * tensor.cols());
  backend.download(tensor, std::span<double>(values));
  return values;
}

// The numbers of one reduction: reduce(RowSum) writes one for each of `rows` rows.
template <class Reduce>
std::vector<double> reduced(Backend& backend, std::size_t rows, Reduce&& reduce) {
  const DoublesPtr out = backend.doubles(rows);
  std::vector<double> values(rows);
  reduce(RowSum{out.get()});
  backend.read(*out, values);
  return values;
}

std::unique_ptr<Backend> makeReferenceBackend();
// threads 0: as many as the process may use. Results do not depend on the number.
std::unique_ptr<Backend> makeCpuBackend(unsigned threads);

}  // namespace boltzkit
