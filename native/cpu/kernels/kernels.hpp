// The kernels of one instruction set as a table of functions. The rest of the backend knows
// instruction sets only through it. Pointer arguments are 64-byte aligned unless said otherwise.
// Row strides are in floats, and multiples of 16. The places between a row's last column and the
// next multiple of 16 hold zeros. Kernels may read and compute with them, and leave zeros there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "cpu/kernels/product_family.hpp"
#include "units/unit.hpp"

namespace boltzkit::cpu {

// Everything is padded to this many floats: a 64-byte line, and a multiple of all vector lengths.
inline constexpr std::size_t lineFloats = 16;
// Columns of C that a product kernel computes at a time.
inline constexpr std::size_t panelColumns = 64;
// Rows of B in a block, for floats; longSumBlock where there are more than longSum. A block of B,
// 112 x 64 floats, takes 28 KiB. It stays in a first-level cache of 32 KiB or more while all rows
// of A pass over it. No family has blocks of more than largestBlock rows.
inline constexpr std::size_t depthBlock = 112, longSumBlock = 64, largestBlock = 224;
// Blocks whose sums are added up before they join the total (see kernels/panel.hpp).
inline constexpr std::size_t groupBlocks = 8;

// Lists of the places k of the rows of A that are not zero, in rising order. Where a row of B
// stands for several places, k counts rows of B. The entries of a block lie row after row, as the
// kernels read them. Block q of row r has the entries start[i] ... end[i] - 1, i = r * blocks + q.
struct NonZeros {
  std::uint32_t* offset;  // (k - first k of the block) * row stride of B
  // A[row, k], or the word of several places; null where all are 1 and nobody reads them.
  float* value;
  std::uint32_t *start, *end;
  std::size_t blocks, depth;  // depth: of a block, in rows of B
  // Lists are filled up to a multiple of it with zeroPlace, a row of B that holds zeros.
  std::size_t multiple = 1;
  std::size_t zeroPlace = 0;
};

// A tile of a left factor: 16 rows and 64 places of bytes. A tile of a right factor: 64 places and
// 16 columns. Column n of the places 4 q ... 4 q + 3 is the n-th word of line q.
inline constexpr std::size_t byteTileRows = 16, byteTileDepth = 64, byteTileBytes = byteTileRows * byteTileDepth,
                             byteTileFloats = byteTileBytes / sizeof(float);
// Numbers of up to 16 bits: a tile of their upper bytes, which are signed, and one of their lower
// bytes, which are not.
inline constexpr std::size_t numberTileFloats = 2 * byteTileFloats;
inline constexpr std::size_t panelTileFloats = panelColumns / lineFloats * numberTileFloats;
// The largest depth of a product by tiles, in tiles: its sums fit into 32 bits.
inline constexpr std::size_t mostByteTiles = 512;

// Some units of some rows of a Bernoulli layer; mean, sample and bits may be null. Unit j of row r
// draws word j % 4 of the counter (firstBlock + j / 4, counter[0] + r, counter[1], counter[2]).
struct BernoulliTile {
  std::size_t rows, units;
  const float* field;  // [rows, fieldStride]
  std::size_t fieldStride;
  const float* bias;  // [units]
  float beta;
  const double* betas;  // [rows] in place of beta; null: none
  float* mean;          // [rows, meanStride]
  std::size_t meanStride;
  float* sample;  // [rows, sampleStride]
  std::size_t sampleStride;
  // The sample again: bits[q * bitsStride + r] is the word of the units 64 q ... of row r.
  std::uint64_t* bits;
  std::size_t bitsStride;
  std::uint32_t firstBlock, counter[3], key[2];
};

// Lines that the caller reads next, once a tile of C is done: the same places of other matrices.
struct Upcoming {
  const float* first[2];  // at the first row and the panel's first column; null: none
  std::size_t stride;
};

// One block of a product: C[rows, columns] = beta C + alpha sum_k A[rows, k] B[k, columns] over
// groups of blocks of k. `sums` keeps the sums of a group from block to block. `totals` and `rests`
// keep the total from group to group.
struct PanelBlock {
  std::size_t firstRow, lastRow;
  const float* a;  // [lastRow, lda] at the block's first k; null: the family reads lists
  std::size_t lda, depth;
  NonZeros lists;             // of families that read them
  const std::uint8_t* bytes;  // the tiles of families that read them; depth counts tiles
  const std::uint8_t* used;   // of each tile: whether it holds anything but zeros
  bool negative;              // some bytes are negative
  bool narrow;                // sums of both bytes together fit into 32 bits
  // B is the transpose of the matrix that the tiles are of: b is at the row of tiles of the panel's
  // columns. `turned` has room for its tiles [depth, numberTileFloats] of 16 columns, or, where
  // units are drawn, [depth, panelTileFloats] of all columns.
  bool turn;
  std::size_t places;  // of the depth
  float* turned;
  const BernoulliTile* drawn;  // of ProductFamily::drawing: C are the fields of these units
  Upcoming upcoming;
  std::size_t block;
  const float* b;  // [depth, ldb] at the panel's first column
  std::size_t ldb;
  float* c;  // [lastRow - firstRow, ldc] at the panel's first column
  std::size_t ldc, columns;
  float *sums, *totals, *rests;  // [lastRow - firstRow, panelColumns]
  bool first, last;              // of its group
  bool firstGroup, lastGroup;
  float alpha, beta;
};

// A row to be rounded, by the dither of its number (kernels/dither.hpp); null: zeros.
struct RoundedRow {
  const float* values;
  std::size_t number;
};

// What listing rows found.
struct NonZeroFacts {
  std::size_t count;  // entries of the lists, without those that fill them up
  bool good;          // all values are 1; of pairs: all are whole and within largestWhole
  float largest = 1;  // of pairs: the largest absolute value, scaled
};

// What making tiles found.
struct TileFacts {
  NonZeroFacts values;  // counts single places; good and largest as for pairs
  bool negative;        // some values are negative
};

// Columns that are listed together. The entries of a block of them stay in the first-level cache
// until they are sorted.
inline constexpr std::size_t listedColumns = 64, columnScratch = 3 * (listedColumns * largestBlock + lineFloats);

// Columns of a matrix A [depth, lda] to be listed like the rows of its transpose.
struct FloatColumns {
  const float* a;  // at the first column, a multiple of lineFloats
  std::size_t lda, depth, columns;
  const float* weights;  // [depth] the factors of the rows of A; null: 1
  float scale;           // the factor of A; for pairs, which ignore weights
  std::size_t ldb;
  NonZeros lists;
  std::size_t firstList;   // the number of the first column's list
  std::uint32_t* next;     // [blocks] where each block's entries go; moves on behind them
  std::uint32_t* scratch;  // [columnScratch]
};

// Columns firstBit ... firstBit + columns - 1 of 64, of which words[k] holds place k.
struct BitColumns {
  const std::uint64_t* words;  // [depth]
  std::size_t depth, firstBit, columns;
};

// Chains in a tile of a layer coupled to itself, a lane each. The tile's states are
// [places, chainTile].
inline constexpr std::size_t chainTile = lineFloats;

// A place that contributes to the field of another one.
struct Neighbour {
  std::uint32_t place;
  float weight;
};

// A sweep of one tile of chains over the units at positions first ... last - 1 of an order. It
// draws them one after the other, in place. Arrays over places may belong to a part of the layer:
// `order` and Neighbour::place count within that part. keep, sharedKeep, fields and change may be
// null.
struct TileSweep {
  std::size_t first, last;
  const std::uint32_t* order;  // [positions] the unit; null: the position itself
  // Place k of the unit at position p has the neighbours from starts[p * size + k] on.
  const std::size_t* starts;
  const Neighbour* neighbours;
  const float* source;      // [places, chainTile] what neighbours contribute: states or change
  float *states, *change;   // [places, chainTile]; change: the new state less the old one
  const float* fields;      // [places, chainTile]
  const float* keep;        // [places, chainTile] not 0: this chain's unit stays
  const float* sharedKeep;  // [places] not 0: the unit stays
  const float* bias;        // [places]
  // Where position 0 stands in the order of the whole layer, which decides the random words of a
  // unit; a multiple of 4.
  std::uint32_t firstPosition;
  // Two-state units take the value low + range on. on = 1 has the probability
  // logistic(slope (field + bias)).
  const float* slope;  // [chainTile]
  float low, range;
  Draw draw;
  std::uint32_t counter[3], key[2];  // that of the first chain
};

// A sweep of one chain over the two-state units at positions first ... last - 1 of an order, a unit
// to a lane. None of them are coupled to each other. All arrays count positions.
//
// A slot holds one neighbour for each of the 16 units of a line. Line g has the slots starts[g] ...
// starts[g + 1] - 1. A unit with fewer neighbours has weights of 0 in the last ones. fields and
// keep may be null.
struct ChainSweep {
  std::size_t first, last;
  const std::size_t* starts;
  const std::uint32_t* place;  // [slots, 16] positions of the neighbours
  const std::uint32_t* run;    // [slots] whether the 16 positions are consecutive
  const float* weight;         // [slots, 16]
  const float *bias, *fields, *keep;
  float* states;  // with one line more than the positions need
  float slope, low, range;
  Draw draw;
  std::uint32_t counter[3], key[2];
};

// Steps of an optimiser over some rows of n places of one parameter tensor. The caller works out
// the coefficients.
struct StepRange {
  std::size_t rows, n, stride;  // n: a multiple of lineFloats
  const float *parameter, *gradient;
  std::size_t gradientStride;
  float *velocity, *second;
  float* next;  // the parameters after the step
  float* step;  // may be the gradient; null: not kept
  float l1 = 0, l2 = 0;
  // sgd: velocity = keep * velocity + gain * gradient.
  float keep = 0, gain = 0;
  float keep2 = 0, gain2 = 0, scale2 = 0, rate = 0;  // adam: see kernels/optimiser.hpp
  float epsilon = 0;
};

// 16 rows of numbers of 16 bits, to be packed into four lines of each tile of a row of tiles.
struct TileRowsToPack {
  // [4][2][stride]: words of rows (4 q, 4 q + 2) and (4 q + 1, 4 q + 3)
  const float* words;
  std::size_t stride, columns;
  float* tiles;  // the first of the lines, in the first tile
};

// A row of which places are dropped. `out` may be `from`. Place j uses word j of the stream.
struct DroppedRow {
  const float* from;
  std::size_t places;
  float threshold, scale;  // 2^24 times the uniform number from which on a place stays
  std::uint32_t counter[3], key[2];
  float* out;
};

struct Kernels {
  const char* isa;
  // The ways to work out a product, in the order in which they are tried.
  std::span<const ProductFamily> families;

  // The largest absolute value of a row.
  float (*largestOf)(const float* row, std::size_t n);
  // Makes words [n] of scale * (first[j], second[j]), rounded, in whole lines. The second row may
  // be null.
  void (*roundRows)(RoundedRow first, RoundedRow second, std::size_t n, float scale, float* words);
  // Both turn such words into [n / 2] words of each of the two rows, in whole lines. neighbourWords
  // makes words of columns (2 j, 2 j + 1), lineWords of columns (j, j + 16) for 16 of every 32
  // columns.
  void (*neighbourWords)(const float* words, std::size_t n, float* first, float* second);
  // The second row may be null.
  void (*lineWords)(const float* words, std::size_t n, float* first, float* second);
  // Packs rows into tiles; null: there are none.
  void (*packTileRows)(const TileRowsToPack&);

  // out [cols, ldo] = in [rows, ldi]^T. cols and rows count real places; blocks of 16 x 16 are read
  // and written. Row r is multiplied by weights[r] unless weights is null.
  void (*transpose)(const float* in, std::size_t ldi, std::size_t rows, std::size_t cols, const float* weights, float* out,
                    std::size_t ldo);

  void (*bernoulliTile)(const BernoulliTile&);
  // sum_j log(1 + exp(beta (field_j + amount * shift_j + bias_j))); shift may be null.
  double (*softplusSum)(const float* field, const float* bias, const float* shift, float amount, std::size_t units, float beta);
  // out [places, chainTile] = sums over the neighbours starts[i] ... starts[i + 1] - 1 of place i
  // (+ out when accumulating).
  void (*tileSums)(const std::size_t* starts, const Neighbour* neighbours, const float* source, std::size_t places, bool accumulate,
                   float* out);
  // Bernoulli units and spins.
  void (*twoStateTile)(const TileSweep&);
  void (*twoStateChain)(const ChainSweep&);
  double (*dot)(const float* a, const float* b, std::size_t n);
  // sums [n] += weight * row [n], in double precision.
  void (*addRow)(const float* row, double weight, std::size_t n, double* sums);
  // sums [n] += the sum of `count` rows.
  void (*addRows)(const float* rows, std::size_t stride, std::size_t count, std::size_t n, double* sums);

  // sums [n] += row [n]^2, in double precision.
  void (*addSquares)(const float* row, std::size_t n, double* sums);
  // row *= factors
  void (*multiplyRow)(const float* factors, float* row, std::size_t n);
  // gradient *= the derivative of a logistic function, or of tanh, that has the value `mean`.
  void (*logisticSlope)(const float* mean, float* gradient, std::size_t n);
  void (*tanhSlope)(const float* mean, float* gradient, std::size_t n);
  void (*dropRow)(const DroppedRow&);

  // y = alpha x + beta y; beta 0 ignores y.
  void (*axpby)(float alpha, const float* x, float beta, float* y, std::size_t n);
  // states = values where mask is not zero.
  void (*clampRow)(const float* mask, const float* values, float* states, std::size_t n);
  // Both take steps and return the largest absolute value of the new parameters. It is NaN if one
  // of them is beyond largestParameter (backend.hpp) or not a number.
  float (*sgd)(const StepRange&);
  float (*adam)(const StepRange&);
  // The words of the generator, for the tests: out[4 b + i] = word i of the counter (block + b,
  // counter[0..2]).
  void (*philox)(std::uint32_t block, const std::uint32_t counter[3], const std::uint32_t key[2], std::size_t blocks, std::uint32_t* out);
};

#if defined(__x86_64__)
extern const Kernels kernelsAmx, kernelsAvx512, kernelsAvx2;
#elif defined(__aarch64__)
extern const Kernels kernelsNeon;
#endif
extern const Kernels kernelsPortable;
// The portable kernels with tiles in plain C++, for tests.
extern const Kernels kernelsEmulatedTiles;

}  // namespace boltzkit::cpu
