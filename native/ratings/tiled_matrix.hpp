// A symmetric matrix as tiles: those on and below the diagonal, row of tiles by row of tiles. The last
// row is filled up with the unit matrix, which no inverse mixes with the rest.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

#include "core/checked.hpp"
#include "ratings/matrix_kernels.hpp"

namespace boltzkit::ratings {

// Tiles in memory aligned for vectors; not initialised.
class Tiles {
 public:
  explicit Tiles(std::size_t count)
      : data_(static_cast<double*>(::operator new (checkedMultiply(count, tileElements * sizeof(double)), std::align_val_t{64}))) {}
  double* tile(std::size_t t) { return data_.get() + t * tileElements; }
  const double* tile(std::size_t t) const { return data_.get() + t * tileElements; }

 private:
  struct Free {
    void operator()(double* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  std::unique_ptr<double, Free> data_;
};

class TiledMatrix {
 public:
  explicit TiledMatrix(std::size_t n) : n_(n), side_(blocksOf(n, tileSize)), tiles_(count(n)) {}

  // Tiles that a matrix of n rows has.
  static std::size_t count(std::size_t n) {
    const std::size_t side = blocksOf(n, tileSize);
    return checkedMultiply(side, side + 1) / 2;
  }
  static std::size_t bytes(std::size_t n) { return checkedMultiply(count(n), tileElements * sizeof(double)); }

  TiledMatrix copy() const {
    TiledMatrix copied(n_);
    std::copy_n(tiles_.tile(0), count(n_) * tileElements, copied.tiles_.tile(0));
    return copied;
  }

  std::size_t size() const { return n_; }
  // Rows of tiles.
  std::size_t side() const { return side_; }
  // i >= j. Tiles on the diagonal hold both halves.
  double* tile(std::size_t i, std::size_t j) { return tiles_.tile(i * (i + 1) / 2 + j); }
  const double* tile(std::size_t i, std::size_t j) const { return tiles_.tile(i * (i + 1) / 2 + j); }
  // r >= c.
  double& at(std::size_t r, std::size_t c) { return tile(r / tileSize, c / tileSize)[r % tileSize * tileSize + c % tileSize]; }
  double at(std::size_t r, std::size_t c) const { return tile(r / tileSize, c / tileSize)[r % tileSize * tileSize + c % tileSize]; }

 private:
  std::size_t n_, side_;
  Tiles tiles_;
};

}  // namespace boltzkit::ratings
