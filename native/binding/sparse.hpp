// Sparse couplings of interactions, as functions: solved in a job, and scores by them.
#pragma once
#include "binding/node.hpp"

namespace boltzkit::binding {

// gramDiagonal(ratings, weights): Float64Array.
Napi::Value gramDiagonal(const Napi::CallbackInfo& info);
// sparseCouplings(ratings, weights, ridge, neighbours, threads): a job.
Napi::Value sparseCouplings(const Napi::CallbackInfo& info);
// scoreSparse(couplings, items, offsets, item, value, threads): a job, or its result.
Napi::Value scoreSparse(const Napi::CallbackInfo& info);

}  // namespace boltzkit::binding
