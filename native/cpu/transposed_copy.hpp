// The transposed copy of a matrix of weights, for products with the transpose.
#pragma once
#include "cpu/engine.hpp"

namespace boltzkit::cpu {

// The copy if it is worth having for a product of so many rows. Else null: the product then
// transposes block by block. Sums come out the same, so the choice may depend on earlier calls.
const CpuTensor::TransposedCopy* transposedCopy(Engine& engine, const CpuTensor& weights, std::size_t rows);

}  // namespace boltzkit::cpu
