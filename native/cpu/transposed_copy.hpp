// The transposed copy of a matrix of weights, for products with the transpose.
#pragma once
#include "cpu/engine.hpp"

namespace boltzkit::cpu {

// The copy when it is worth having for a product of so many rows, else null: the product then transposes block by block. Sums come out
// the same, so the choice may follow the history of calls.
const CpuTensor::TransposedCopy* transposedCopy(Engine& engine, const CpuTensor& weights, std::size_t rows);

}  // namespace boltzkit::cpu
