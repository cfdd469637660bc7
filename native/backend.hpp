// The one interface between the algorithms and the machine they run on: buffers, fields, unit updates, statistics,
// reductions, parameter steps. Everything above it is written once and never assumes that data live in host memory.
//
// Rules that hold for every backend:
//  * A tensor is a row-major matrix [rows, cols] of the backend's own precision; only upload and download touch host memory.
//  * Random words come from core/random.hpp: row r of a tensor is chain firstChain + r, column j is unit j.
//  * The result of an operation does not depend on the number of threads: reductions have a fixed order.
//  * An update of a machine makes no tensor, transfers nothing and reads nothing back (test/residence_test.cpp; exceptions stand there by name).
//  * Outputs never alias inputs unless said so. Shapes are checked by the caller (machine/), not here.
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
  // Uses the first n rows from now on; contents stay. The last minibatch of an epoch is often short. Throws std::out_of_range when n
  // is above the capacity.
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

// A data set where the backend wants it (on the CPU the packed host rows, on a GPU a copy).
class Data {
 public:
  virtual ~Data() = default;
  virtual std::size_t rows() const = 0;
  virtual std::size_t cols() const = 0;
};
using DataPtr = std::unique_ptr<Data>;

// Row numbers where the backend wants them: uploaded once, used batch by batch.
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

// Whether steps were accepted, kept by the backend. A refusal is sticky: it stands until `reset`, and later steps change nothing.
struct Verdict {
  std::ptrdiff_t refused = -1;  // slot or parameter that a step was refused for; -1: none
  std::uint64_t accepted = 0;   // steps before that, since the last reset
};
class StepOutcome {
 public:
  virtual ~StepOutcome() = default;
};
using StepOutcomePtr = std::unique_ptr<StepOutcome>;

// The units of one layer: their type, the type's own number (see units/unit.hpp) and parameters [parameterCount, places].
struct Units {
  UnitType type;
  const Tensor* parameters;
  std::uint32_t size = 1;
};

// One product term of a field: out (+)= scale * states * weights, or states * weights^T.
struct FieldTerm {
  const Tensor* states;   // [rows, n]
  const Tensor* weights;  // [n, m], or [m, n] when transposed; [1, graph->weights()] with a graph
  bool transposed = false;
  double scale = 1;
  const Graph* graph = nullptr;  // a layer on itself: n = m, only along these edges
  // Where fields only decide what is drawn, or enter the statistics of one minibatch: the backend may round weights, as long as this moves fields by errors
  // that are zero on average and have a standard deviation of 2^-8 at most; in fieldsAndUnits divided by beta and by the largest standard deviation that a
  // unit can have given its field, where these exceed 1.
  bool roundable = false;
};

struct UnitUpdate {
  Units units;
  double beta = 1;
  Stream stream{};                     // read only when a sample is asked for
  std::uint32_t firstChain = 0;        // the chain index of row 0
  const Tensor* before = nullptr;      // the states that the draw replaces; counts take their totals from them (may be the output)
  std::span<const double> betas = {};  // one per row, in place of beta
  Draw draw = Draw::sample;            // what is written to `sample`

  double betaOf(std::size_t row) const { return betas.empty() ? beta : betas[row]; }
};

// Sequential sweeps over the units of a layer that is coupled to itself: unit after unit is replaced given the newest states of the others.
// Dense weights [places, places], symmetric, zero between places of one unit, are swept in the order of the units, a graph in its own order.
// The unit at position p of the order takes the random words p * words(size) and on; sweep s those of step stream.step + s.
struct LateralSweep {
  const Tensor* weights;
  const Graph* graph = nullptr;    // then weights are [1, graph->weights()]
  const Tensor* fields = nullptr;  // [rows, places] from other layers; null: none
  const Tensor* keep = nullptr;    // [1 or rows, places]: units whose places are not 0 keep their states (all places of a unit or none)
  std::uint64_t sweeps = 1;
};

// Moves every row's field by a multiple of one row of a weight matrix: field[r, j] += amount[r] * weights[unit[r], j].
struct FieldShift {
  const Tensor* weights;  // [n, units]
  std::span<const std::uint32_t> unit;
  std::span<const double> amount;
};

// alpha * sum_r weight[r] a[r, :]^T b[r, :]; see Backend::statistics.
struct StatisticsTerm {
  const Tensor *a, *b, *rowWeights;
  double alpha;
  // Of values between -1 and 1: the backend may round b to multiples of 2^-13 of its largest value, by errors that are zero on average.
  bool roundable = false;
};
inline constexpr std::size_t mostTerms = 4;

// One parameter tensor and what its optimiser keeps. `gradient` points uphill in log-likelihood; after the step it holds the
// step that was taken. `velocity` is the momentum (SGD) or first moment (Adam); `second` Adam's second moment, else null.
struct ParameterSlot {
  Tensor* parameter;
  Tensor* gradient;
  Tensor* velocity;
  Tensor* second;
  double l1 = 0, l2 = 0;  // decay: gradient -= l1 * sign(parameter) + l2 * parameter
  double rate = 1;        // multiplies the step's learning rate
  // Units of the parameters, [1, rows] and [1, cols]; null: ones. The optimiser works on parameter[i, j] / (rowScale[i] colScale[j]): it
  // gets the gradient (with decay) times both scales, and its step times both is added.
  const Tensor *rowScale = nullptr, *colScale = nullptr;
  // When there are any (mostTerms at most), the gradient is their sum, whatever it holds: added up where the step is taken, it need not pass through
  // memory.
  std::span<const StatisticsTerm> terms = {};
  bool keepStep = true;  // false: nobody reads `gradient` afterwards, so it may hold anything
};

// Parameters beyond this count as diverged: far above any useful value, far enough below float's end for sums of them to stay finite.
inline constexpr double largestParameter = 1e18;

struct OptimiserStep {
  enum class Kind { sgd, adam } kind = Kind::sgd;
  double learningRate = 0;
  double momentum = 0;                                // sgd: velocity = momentum * velocity + rate * gradient; step = velocity
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // adam (Kingma & Ba 2015, algorithm 1)
  std::uint64_t t = 1;                                // adam: number of this step, from 1
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual const char* name() const = 0;
  virtual Precision precision() const = 0;
  // Runs a job on the calling thread with the backend's resources (its thread team) at hand. Operations called outside of a
  // job work too, on one thread.
  virtual void run(const std::function<void()>& job) = 0;

  // --- buffers ---------------------------------------------------------------------------------------------------------
  virtual TensorPtr tensor(std::size_t rows, std::size_t cols) = 0;  // filled with zeros
  virtual void upload(std::span<const float> from, Tensor& to) = 0;  // from: to.rows * to.cols values
  virtual void upload(std::span<const double> from, Tensor& to) = 0;
  virtual void download(const Tensor& from, std::span<float> to) = 0;
  virtual void download(const Tensor& from, std::span<double> to) = 0;
  virtual void fill(double value, Tensor& out) = 0;
  virtual void axpby(double alpha, const Tensor& x, double beta, Tensor& y) = 0;  // y = alpha x + beta y; beta 0 ignores y
  virtual DataPtr data(std::shared_ptr<const Rows> rows) = 0;
  virtual OrderPtr order(std::vector<std::uint32_t> rows) = 0;
  // Row r of `out` is the batch's row r; out.rows() == batch.count.
  virtual void gather(const Data& from, const Batch& batch, Tensor& out) = 0;
  // out[0, j] = from[0, the batch's row j] for j below batch.count; `from` and `out` have one row.
  virtual void gatherColumns(const Tensor& from, const Batch& batch, Tensor& out) = 0;

  // --- fields and unit updates -----------------------------------------------------------------------------------------
  // out [rows, m] = sum of the terms (+ out when accumulating).
  virtual void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) = 0;
  // Whether the fields of bits by roundable terms are those of one and the same rounded matrix, straight and transposed.
  virtual bool roundsAlike(const Tensor&) { return false; }
  // Means and/or samples of a layer given its fields; either output may be null; both may be asked for at once.
  virtual void updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) = 0;
  // Both in one, without accumulating, so that fields need not pass through memory: afterwards `room` [rows, m] holds them where the type's statistics are
  // not linear, and else anything.
  virtual void fieldsAndUnits(std::span<const FieldTerm> terms, const UnitUpdate& update, Tensor& room, Tensor* mean, Tensor* sample) {
    fields(terms, false, room);
    updateUnits(update, room, mean, sample);
  }
  // Sweeps a layer that is coupled to itself, in place.
  virtual void sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) = 0;
  // states[r, j] = values[r or 0, j] wherever mask[r or 0, j] != 0; mask and values have one row or as many as states.
  virtual void clamp(const Tensor& mask, const Tensor& values, Tensor& states) = 0;
  // present[r, j] = 1 where states hold a number, 0 where they hold NaN (a missing value), which becomes 0. Same shapes.
  virtual void splitMissing(Tensor& states, Tensor& present) = 0;
  // Every value p between 0 and 1 becomes a draw of a binary unit with that mean: 1 where the uniform number of its place is below p, else 0.
  virtual void drawBinary(const Stream& stream, std::uint32_t firstChain, Tensor& states) = 0;

  // --- statistics ------------------------------------------------------------------------------------------------------
  // out [n, m] = beta * out + alpha * sum_r weight[r] a[r, :]^T b[r, :]; rowWeights [1, rows] or null for ones.
  virtual void statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) = 0;
  // The same along the edges of a graph, both ends alike: out[e] = beta * out[e] + alpha * sum_r weight[r] (a_i b_j + b_i a_j) / 2 for the
  // places i and j that weight e of the graph joins; out [1, graph.weights()].
  virtual void edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                              Tensor& out) = 0;
  // out [parameterCount, places] = beta * out + alpha * sum_r weight[r] statistics(states[r, :]); with `fields` the statistics' means given
  // them take the place of those of the states (types whose statistics are linear take means as states instead).
  virtual void unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha,
                              double beta, Tensor& out) = 0;

  // --- reductions over units, one double per row -----------------------------------------------------------------------
  virtual void unitEnergies(const Units& units, const Tensor& states, std::span<double> out) = 0;  // sum_j U(s_j)
  virtual void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, std::span<double> out) = 0;
  virtual void rowDots(const Tensor& a, const Tensor& b, std::span<double> out) = 0;  // sum_j a_j b_j

  // --- parameters ------------------------------------------------------------------------------------------------------
  virtual StepOutcomePtr stepOutcome() = 0;
  // Takes one step on every slot, or on none. If a new parameter would be NaN or beyond largestParameter, parameters stay as they were and the outcome is a
  // refusal of the first such slot; velocities are then unspecified. After a refusal parameters stay as they are. Refused steps are zero where they are kept.
  virtual void optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots, StepOutcome& outcome) = 0;
  // Refuses the last step on account of `parameter`, named by `index`, unless |value| <= limits[row] holds for all its values.
  virtual void requireWithin(const Tensor& parameter, std::span<const double> limits, std::ptrdiff_t index, StepOutcome& outcome) = 0;
  // axpby if the outcome is a refusal, or if it is none.
  enum class When { refused, accepted };
  virtual void axpbyWhen(When when, const StepOutcome& outcome, double alpha, const Tensor& x, double beta, Tensor& y) {
    if ((read(outcome).refused >= 0) == (when == When::refused)) axpby(alpha, x, beta, y);
  }
  // Waits for the steps before. A device asks for it every so many steps, a host after each.
  virtual Verdict read(const StepOutcome& outcome) = 0;
  virtual std::uint64_t stepsBetweenReads() const { return 1; }
  virtual void reset(StepOutcome& outcome) = 0;
};

std::unique_ptr<Backend> makeReferenceBackend();
// threads 0: as many as the process may use. Results do not depend on it.
std::unique_ptr<Backend> makeCpuBackend(unsigned threads);

}  // namespace boltzkit
