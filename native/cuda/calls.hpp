// What each kernel is called with: one plain struct to a kernel, the same bytes on both sides of the
// boundary (abi.h). Pointers lead to the device's memory. plugin/kernels/ says what the kernels do.
#pragma once
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/random.hpp"
#include "units/rows.hpp"

namespace boltzkit::cuda {

// How the threads of a call share its work.
enum class Threads {
  each,   // a thread to a piece, or to several
  row,    // a block of threads to a row
  tile,   // a block of threads to a tile of a product
  warps,  // four warps to a tile of a product
  block,  // one block
  alone,  // one thread
};

// --- elements --------------------------------------------------------------------------------------

// What a step decides about others, in the memory of the device. `stepped`: the last step was
// accepted.
struct OutcomeState {
  long long refused = -1;
  unsigned long long accepted = 0;
  int bad = 0, stepped = 0;  // bad: the first slot that would be out of bounds, see `noSlot`
};

struct Fill {
  static constexpr Threads threads = Threads::each;
  std::size_t n;
  float value;
  float* out;
};

// y = alpha x + beta y; with an outcome only where it is a refusal, or is none.
struct Axpby {
  static constexpr Threads threads = Threads::each;
  std::size_t n;
  double alpha;
  const float* x;
  double beta;
  float* y;
  const OutcomeState* outcome = nullptr;
  bool refused = false;
};

// Row numbers; null: rows in their order.
struct RowNumbers {
  const std::uint32_t* rows;
  BOLTZKIT_HD std::size_t operator[](std::size_t i) const { return rows ? rows[i] : i; }
};

struct GatherCodes {
  static constexpr Threads threads = Threads::each;
  std::size_t n, cols;
  RowNumbers rows;
  const std::uint8_t* codes;
  const float* table;
  float* out;
};

struct GatherFloats {
  static constexpr Threads threads = Threads::each;
  std::size_t n, cols;
  RowNumbers rows;
  const float* values;
  float* out;
};

// `out` holds zeros.
struct GatherSparse {
  static constexpr Threads threads = Threads::each;
  std::size_t count, cols;
  RowNumbers rows;
  const std::uint64_t* offsets;
  const std::uint32_t* indices;
  const float* values;
  float* out;
};

struct GatherColumns {
  static constexpr Threads threads = Threads::each;
  std::size_t n;
  const float* from;
  const std::uint32_t* columns;
  float* out;
};

struct Clamp {
  static constexpr Threads threads = Threads::each;
  std::size_t n, cols;
  const float* mask;
  bool oneMask;
  const float* values;
  bool oneValues;
  float* states;
};

struct SplitMissing {
  static constexpr Threads threads = Threads::each;
  std::size_t n;
  float *states, *present;
};

// One call of the generator makes four words, so a thread takes four neighbouring places of a row.
inline constexpr std::size_t wordsPerBlock = 4;
BOLTZKIT_HD inline std::size_t groupsOf(std::size_t n) { return (n + wordsPerBlock - 1) / wordsPerBlock; }

struct DrawBinary {
  static constexpr Threads threads = Threads::each;
  std::size_t rows, cols;
  Stream stream;
  std::uint32_t firstChain;
  float* states;
};

struct Drop {
  static constexpr Threads threads = Threads::each;
  std::size_t rows, cols;
  Stream stream;
  double threshold;
  float scale;
  const float* from;
  float* out;
};

struct LimitColumns {
  static constexpr Threads threads = Threads::each;
  std::size_t rows, cols;
  double limit;
  float* weights;
};

struct CategoryErrors {
  static constexpr Threads threads = Threads::each;
  std::size_t rows, categories;
  const double* logs;
  const float *targets, *rowWeights;
  float* out;
};

struct MixVariances {
  static constexpr Threads threads = Threads::each;
  std::size_t places;
  double rate;
  const double* moments;
  float* variances;
};

struct MeanVariance {
  static constexpr Threads threads = Threads::block;
  std::size_t places;
  const float* variances;
  double* mean;
};

struct InverseDeviations {
  static constexpr Threads threads = Threads::each;
  std::size_t places;
  const float* variances;
  double least;
  const double* mean;
  float* out;
};

// The product for both places that a weight of a graph joins. `edges` has the two units of each.
struct InverseDeviationsAlong {
  static constexpr Threads threads = Threads::each;
  std::size_t weights;
  std::uint32_t size;
  const std::uint32_t* edges;
  const float* variances;
  double least;
  const double* mean;
  float* out;
};

// --- products --------------------------------------------------------------------------------------

// A matrix as a product reads it: element (i, k) is at data[i * stride + k * depthStride].
// `weights`, if any, multiply the terms k.
struct Factor {
  const float* data;
  std::size_t count;  // rows of a left factor, columns of a right one
  std::size_t stride, depthStride;
  const float* weights = nullptr;
  BOLTZKIT_HD float at(std::size_t i, std::size_t k) const { return data[i * stride + k * depthStride]; }
};

// A block makes a tile of so many rows and columns.
inline constexpr unsigned tileSide = 64;
inline std::size_t tilesOf(std::size_t n, unsigned side = tileSide) { return (n + side - 1) / side; }

// out [left.count, right.count] = alpha * sum_k left(i, k) right(j, k) + beta * out; with beta 0,
// out is not read.
struct Product {
  static constexpr Threads threads = Threads::tile;
  Factor left, right;
  std::size_t depth;
  double alpha, beta;
  float* out;
};

// What an update of units has beside its tensors.
struct UpdateView {
  Stream stream;
  std::uint32_t firstChain;
  float beta;
  const float* betas;  // one per row, or null
  Draw draw;
  BOLTZKIT_HD float betaOf(std::size_t row) const { return betas ? betas[row] : beta; }
};

// What a block of four warps makes of a product on tensor cores. In a wide tile each warp makes a
// quarter of it. In a narrow one each warp adds up a quarter of the terms of all of it: four times the
// blocks, each done in a quarter of the time.
enum class Tile { wide, narrow };
constexpr unsigned sideOf(Tile tile) { return tile == Tile::wide ? tileSide : tileSide / 2; }
inline std::size_t tilesOf(Tile tile, std::size_t rows, std::size_t cols) {
  return tilesOf(rows, sideOf(tile)) * tilesOf(cols, sideOf(tile));
}
// Wide tiles read less memory, and pay where there are enough of them to keep a GPU busy.
inline constexpr std::size_t enoughTiles = 128;
inline Tile tileFor(std::size_t rows, std::size_t cols) {
  return tilesOf(Tile::wide, rows, cols) < enoughTiles ? Tile::narrow : Tile::wide;
}

// The same as Product on tensor cores, from so many bf16 numbers to each value of the factors. With
// `draws` the product is the fields of Bernoulli units, which are drawn from it in the same call; then
// `out` is only read.
template <unsigned leftParts, unsigned rightParts, Tile tile>
struct TensorProduct {
  static constexpr Threads threads = Threads::warps;
  Factor left, right;
  std::size_t depth;
  double alpha, beta;
  float* out;
  bool draws = false;
  RowUnits<float> units{};
  UpdateView update{};
  float *mean = nullptr, *sample = nullptr;
};

// A graph in the memory of the device; see core/graph.hpp.
struct GraphView {
  std::uint32_t size;
  const std::uint32_t* edges;       // the two units of each edge
  const std::uint64_t* starts;      // per unit: its neighbours begin here; one more at the end
  const std::uint32_t* neighbours;  // three numbers each: unit, edge, and 1 if it comes from the smaller end
  const std::uint32_t* order;

  BOLTZKIT_HD std::size_t weight(const std::uint32_t* neighbour, std::uint32_t k, std::uint32_t l) const {
    const std::size_t edge = neighbour[1];
    return neighbour[2] ? (edge * size + k) * size + l : (edge * size + l) * size + k;
  }
};

struct GraphFields {
  static constexpr Threads threads = Threads::each;
  std::size_t n, cols;
  GraphView graph;
  const float *weights, *states;
  double scale;
  bool accumulate;
  float* out;
};

struct EdgeStatistics {
  static constexpr Threads threads = Threads::each;
  std::size_t n;
  GraphView graph;
  std::size_t rows, cols;
  const float *a, *b, *rowWeights;
  double alpha, beta;
  float* out;
};

// --- units -----------------------------------------------------------------------------------------

template <class Unit>
struct UpdateUnits {
  static constexpr Threads threads = Threads::each;
  std::size_t rows;
  RowUnits<float> units;
  UpdateView update;
  const float *fields, *before;
  float *mean, *sample;
};

// A sweep of a layer with couplings inside it: see LateralSweep. `scratch` has room for the places of
// one unit, for each row.
template <class Unit>
struct SweepLateral {
  static constexpr Threads threads = Threads::row;
  RowUnits<float> units;
  UpdateView update;
  const float* weights;
  bool hasGraph;
  GraphView graph;
  const float* fields;
  const float* keep;
  bool oneKeep;
  std::uint64_t sweeps;
  float *scratch, *states;
};

template <class Unit>
struct UnitStatistics {
  static constexpr Threads threads = Threads::each;
  RowUnits<float> units;
  std::size_t rows;
  const float *states, *fields, *rowWeights;
  double alpha, beta;
  float* out;
};

template <class Unit>
struct Moments {
  static constexpr Threads threads = Threads::each;
  RowUnits<float> units;
  std::size_t rows;
  const float *values, *centre;
  bool means;
  const float *fields, *rowWeights;
  double alpha;
  bool accumulate;
  double* out;
};

template <class Unit>
struct ThroughMeans {
  static constexpr Threads threads = Threads::each;
  std::size_t n;
  RowUnits<float> units;
  const float *fields, *mean;
  float* gradient;
};

// --- reductions over the places of each row --------------------------------------------------------

// Where the number of a row goes: see RowSum.
struct SumView {
  double* out;
  double factor;
  bool accumulate;
  BOLTZKIT_HD void put(std::size_t row, double value) const { out[row] = (accumulate ? out[row] : 0.0) + factor * value; }
};

template <class Unit>
struct Energies {
  static constexpr Threads threads = Threads::row;
  RowUnits<float> units;
  const float* states;
  SumView sum;
};

template <class Unit>
struct Cumulants {
  static constexpr Threads threads = Threads::row;
  RowUnits<float> units;
  const float* fields;
  float beta;
  SumView sum;
};

struct RowDots {
  static constexpr Threads threads = Threads::row;
  std::size_t cols;
  const float *a, *b;
  SumView sum;
};

// out[r, j] = fields[r, j] + amount[r] * weights[unit[r], j]
struct Shift {
  static constexpr Threads threads = Threads::each;
  std::size_t n, cols;
  const float *fields, *weights;
  const std::uint32_t* unit;
  const double* amount;
  float* out;
};

// --- steps -----------------------------------------------------------------------------------------

inline constexpr int noSlot = 0x7fffffff;

// One slot in the memory of the device; see ParameterSlot.
struct SlotView {
  std::size_t n, cols;
  const float* parameter;
  float *gradient, *velocity, *second;
  const float *rowScale, *colScale;
  double l1, l2, rate;
};

// A step as a kernel takes it: `correct1` and `correct2` are what Adam's moments are divided by.
struct StepView {
  bool adam;
  double momentum, beta1, beta2, epsilon, correct1, correct2;
};

// Turns the gradient into the step, and notes the slot if a new parameter would be out of bounds.
struct Propose {
  static constexpr Threads threads = Threads::each;
  SlotView slot;
  StepView step;
  float largest;
  int index;
  OutcomeState* outcome;
};

struct Decide {
  static constexpr Threads threads = Threads::alone;
  OutcomeState* outcome;
};

// Takes the step, or none: then what is kept of it is zero.
struct Take {
  static constexpr Threads threads = Threads::each;
  std::size_t n;
  float *parameter, *step;
  const OutcomeState* outcome;
};

// Notes if any value of a parameter is beyond the limit of its row.
struct Bound {
  static constexpr Threads threads = Threads::each;
  std::size_t n, cols;
  const float* parameter;
  const double* limits;
  OutcomeState* outcome;
};

// Refuses the last step if something was noted.
struct Refuse {
  static constexpr Threads threads = Threads::alone;
  long long index;
  OutcomeState* outcome;
};

struct Reset {
  static constexpr Threads threads = Threads::alone;
  OutcomeState* outcome;
};

// --- all of them -----------------------------------------------------------------------------------

#define BOLTZKIT_TENSOR_PRODUCTS(tile) \
  TensorProduct<1, 1, tile>, TensorProduct<1, 2, tile>, TensorProduct<1, 3, tile>, TensorProduct<2, 1, tile>, TensorProduct<2, 2, tile>
#define BOLTZKIT_CALLS_OF_UNIT(enumerator, Unit) \
  , UpdateUnits<Unit>, SweepLateral<Unit>, UnitStatistics<Unit>, Moments<Unit>, ThroughMeans<Unit>, Energies<Unit>, Cumulants<Unit>
using Calls = std::tuple<Fill, Axpby, GatherCodes, GatherFloats, GatherSparse, GatherColumns, Clamp, SplitMissing, DrawBinary, Drop,
                         LimitColumns, CategoryErrors, MixVariances, MeanVariance, InverseDeviations, InverseDeviationsAlong, Product,
                         BOLTZKIT_TENSOR_PRODUCTS(Tile::wide), BOLTZKIT_TENSOR_PRODUCTS(Tile::narrow), GraphFields, EdgeStatistics, RowDots,
                         Shift, Propose, Decide, Take, Bound, Refuse, Reset BOLTZKIT_UNITS(BOLTZKIT_CALLS_OF_UNIT)>;
#undef BOLTZKIT_CALLS_OF_UNIT
#undef BOLTZKIT_TENSOR_PRODUCTS

inline constexpr std::size_t callCount = std::tuple_size_v<Calls>;

template <class Call, std::size_t number = 0>
constexpr std::uint32_t numberOf() {
  if constexpr (std::is_same_v<Call, std::tuple_element_t<number, Calls>>)
    return static_cast<std::uint32_t>(number);
  else
    return numberOf<Call, number + 1>();
}

// A digest of the sizes of all calls (FNV-1a): a plug-in with another one was built for other calls.
template <std::size_t... numbers>
constexpr std::uint64_t layoutOf(std::index_sequence<numbers...>) {
  std::uint64_t digest = 0xcbf29ce484222325u;
  for (const std::size_t size : {sizeof(std::tuple_element_t<numbers, Calls>)...}) digest = (digest ^ size) * 0x100000001b3u;
  return digest;
}
inline constexpr std::uint64_t layout = layoutOf(std::make_index_sequence<callCount>());

}  // namespace boltzkit::cuda
