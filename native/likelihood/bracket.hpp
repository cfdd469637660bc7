// log Z by annealing in both directions (Neal, Statistics and Computing 11 (2001), 125; Burda, Grosse & Salakhutdinov, AISTATS 2015),
// combined by Bennett's acceptance ratio. What is annealed in reverse comes from the top of a ladder of tempered chains, whose
// modes have the shares that the machine gives them once states have come up from beta = 0; its own log Z is a second witness.
#pragma once
#include "core/interrupt.hpp"
#include "likelihood/partition_options.hpp"

namespace boltzkit {

PartitionResult annealedPartition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
