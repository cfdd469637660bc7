// Rows of a tensor as tiles of chains: [places, chainTile], a chain to a lane. Lanes without a
// chain hold zeros.
#pragma once
#include <algorithm>
#include <cstring>

#include "core/checked.hpp"
#include "cpu/engine.hpp"

namespace boltzkit::cpu {

inline std::size_t tileFloats(std::size_t places) { return roundUp(places, lineFloats) * chainTile; }

// rows <= chainTile; tile holds tileFloats(places) floats.
inline void loadTile(const Kernels& kernels, const float* row, std::size_t stride, std::size_t rows, std::size_t places, float* tile) {
  kernels.transpose(row, stride, rows, places, nullptr, tile, chainTile);
}

// A tile with unused lanes goes by way of a block, 16 places at a time, so that only existing rows
// are written.
inline void storeTile(const Kernels& kernels, const float* tile, std::size_t rows, std::size_t places, float* row, std::size_t stride) {
  if (rows == chainTile) return kernels.transpose(tile, chainTile, places, chainTile, nullptr, row, stride);
  alignas(64) float block[chainTile * lineFloats];
  for (std::size_t j = 0; j < places; j += lineFloats) {
    kernels.transpose(tile + j * chainTile, chainTile, std::min(lineFloats, places - j), chainTile, nullptr, block, lineFloats);
    for (std::size_t r = 0; r < rows; ++r) std::memcpy(row + r * stride + j, block + r * lineFloats, sizeof(float) * lineFloats);
  }
}

}  // namespace boltzkit::cpu
