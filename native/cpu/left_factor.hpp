// Lists the left factor of a product for its family: for each row the nonzero places
// (kernels/active_set.hpp), or the pairs of places (kernels/pairs.hpp). Reads them from the rows or
// columns of a matrix, or from bits.
#pragma once
#include "cpu/engine.hpp"
#include "cpu/product_terms.hpp"

namespace boltzkit::cpu {

// Rows of the left factor per listing task; listedColumns where it is stored transposed.
inline constexpr std::size_t listedRows = 16;

// Lists of some rows, numbered from 0. Each run of `taskRows` of them has a region of its own for
// each block, and may be listed by another thread.
struct NonZeroRegions {
  NonZeros lists{};
  std::size_t taskRows = 0, region = 0;
};

class LeftFactor {
 public:
  // Takes the rows from firstRow on and counts them from there.
  LeftFactor(const Product& product, std::size_t firstRow);

  // From now on lists are for this family, with offsets for rows of B of ldb floats. For a family
  // that rounds, listing ends at the first value that the family does not accept.
  void listFor(const ProductFamily& family, std::size_t ldb);
  // In rows of B.
  std::size_t depth() const { return depth_; }
  bool strict() const { return family_->rounds(); }
  bool fromBits() const { return bits_ && family_->lists->bitRow; }
  bool hasBits() const { return bits_ != nullptr; }

  NonZeroRegions regions(NonZeroBuffer& buffer, std::size_t rows, std::size_t taskRows) const;
  // Lists rows first ... last - 1 as the lists from firstList on, where a run of taskRows begins.
  // columnScratch belongs to the thread; it is used where the factor is stored transposed.
  NonZeroFacts list(const NonZeroRegions& regions, std::size_t firstList, std::size_t first, std::size_t last,
                    std::uint32_t* columnScratch) const;

 private:
  NonZeroFacts rows(const NonZeros& lists, std::size_t firstList, std::size_t first, std::size_t last, std::uint32_t* next) const;
  NonZeroFacts columns(const NonZeros& lists, std::size_t firstList, std::size_t first, std::size_t last, std::uint32_t* next,
                       std::uint32_t* scratch) const;

  const Product& p_;
  const std::size_t first_;
  const std::uint64_t* bits_ = nullptr;
  const ProductFamily* family_ = nullptr;
  std::size_t depth_ = 0, ldb_ = 0;
};

}  // namespace boltzkit::cpu
