// The one interface between the algorithms and the machine they run on: buffers, fields, unit updates, statistics,
// reductions, parameter steps. Everything above it is written once and never assumes that data live in host memory.
//
// Rules that hold for every backend:
//  * A tensor is a row-major matrix [rows, cols] of the backend's own precision; only upload and download touch host memory.
//  * Random words come from core/random.hpp: row r of a tensor is chain firstChain + r, column j is unit j.
//  * The result of an operation does not depend on the number of threads: reductions have a fixed order.
//  * Outputs never alias inputs unless said so. Shapes are checked by the caller (machine/), not here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

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
  // Uses the first n rows from now on (n <= capacity); contents stay. The last minibatch of an epoch is often short.
  void setRows(std::size_t n) { rows_ = n; }

 private:
  std::size_t capacity_, rows_, cols_;
};
using TensorPtr = std::unique_ptr<Tensor>;

// A data set where the backend wants it (on the CPU the packed host rows, on a GPU a copy).
class Data {
 public:
  virtual ~Data() = default;
  virtual std::size_t rows() const = 0;
  virtual std::size_t cols() const = 0;
};
using DataPtr = std::unique_ptr<Data>;

// The units of one layer: their type, the type's own number (see units/unit.hpp) and parameters [parameterCount, places].
struct Units {
  UnitType type;
  const Tensor* parameters;
  std::uint32_t size = 1;
};

// One product term of a field: out (+)= scale * states * weights, or states * weights^T.
struct FieldTerm {
  const Tensor* states;   // [rows, n]
  const Tensor* weights;  // [n, m], or [m, n] when transposed
  bool transposed;
  double scale = 1;
};

struct UnitUpdate {
  Units units;
  double beta = 1;
  Stream stream{};                 // read only when a sample is asked for
  std::uint32_t firstChain = 0;    // the chain index of row 0
  const Tensor* before = nullptr;  // the states that the draw replaces; counts take their totals from them (may be the output)
};

// Moves every row's field by a multiple of one row of a weight matrix: field[r, j] += amount[r] * weights[unit[r], j].
struct FieldShift {
  const Tensor* weights;  // [n, units]
  std::span<const std::uint32_t> unit;
  std::span<const double> amount;
};

// One parameter tensor and what its optimiser keeps. `gradient` points uphill in log-likelihood; after the step it holds the
// step that was taken. `velocity` is the momentum (SGD) or first moment (Adam); `second` Adam's second moment, else null.
struct ParameterSlot {
  Tensor* parameter;
  Tensor* gradient;
  Tensor* velocity;
  Tensor* second;
  double l1 = 0, l2 = 0;  // decay: gradient -= l1 * sign(parameter) + l2 * parameter
  double rate = 1;        // multiplies the step's learning rate
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
  virtual void gather(const Data& from, std::span<const std::uint32_t> rows, Tensor& out) = 0;  // out.rows == rows.size()

  // --- fields and unit updates -----------------------------------------------------------------------------------------
  // out [rows, m] = sum of the terms (+ out when accumulating).
  virtual void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) = 0;
  // Means and/or samples of a layer given its fields; either output may be null; both may be asked for at once.
  virtual void updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) = 0;
  // One sequential sweep over the units of a layer that is coupled to itself, in place: unit after unit is drawn given `fields` and the newest
  // states of the others. weights [places, places], symmetric, zero between places of one unit.
  virtual void sweepLateral(const UnitUpdate& update, const Tensor& fields, const Tensor& weights, Tensor& states) = 0;
  // states[r, j] = values[r or 0, j] wherever mask[r or 0, j] != 0; mask and values have one row or as many as states.
  virtual void clamp(const Tensor& mask, const Tensor& values, Tensor& states) = 0;

  // --- statistics ------------------------------------------------------------------------------------------------------
  // out [n, m] = beta * out + alpha * sum_r weight[r] a[r, :]^T b[r, :]; rowWeights [1, rows] or null for ones.
  virtual void statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) = 0;
  // out [parameterCount, places] = beta * out + alpha * sum_r weight[r] statistics(states[r, :]); with `fields` the statistics' means given
  // them take the place of those of the states (types whose statistics are linear take means as states instead).
  virtual void unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha,
                              double beta, Tensor& out) = 0;

  // --- reductions over units, one double per row -----------------------------------------------------------------------
  virtual void unitEnergies(const Units& units, const Tensor& states, std::span<double> out) = 0;  // sum_j U(s_j)
  virtual void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, std::span<double> out) = 0;
  virtual void rowDots(const Tensor& a, const Tensor& b, std::span<double> out) = 0;  // sum_j a_j b_j

  // --- parameters ------------------------------------------------------------------------------------------------------
  // Takes one step on every slot, or on none: if a new parameter would be NaN or beyond largestParameter, parameters stay as they were and the
  // index of the first such slot comes back (velocities are then unspecified); otherwise -1.
  virtual std::ptrdiff_t optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots) = 0;
};

std::unique_ptr<Backend> makeReferenceBackend();
// threads 0: as many as the process may use. Results do not depend on it.
std::unique_ptr<Backend> makeCpuBackend(unsigned threads);

}  // namespace boltzkit
