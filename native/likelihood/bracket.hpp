// log Z by annealing in both directions (Neal, Statistics and Computing 11 (2001), 125; Burda,
// Grosse & Salakhutdinov, AISTATS 2015), combined by Bennett's acceptance ratio.
// Reverse annealing starts from the top of a ladder of tempered chains. Once states have come up
// from beta = 0, the modes at the top have the shares that the machine gives them. The ladder's own
// log Z is a second estimate, for comparison.
#pragma once
#include "core/interrupt.hpp"
#include "likelihood/partition_options.hpp"

namespace boltzkit {

PartitionResult annealedPartition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
