// Estimates log Z by the method that the options name, or the one that suits the machine.
#pragma once
#include "core/interrupt.hpp"
#include "likelihood/partition_options.hpp"

namespace boltzkit {

// Throws ParameterError or ShapeError when the options do not fit the machine.
void validatePartition(const Machine& machine, const PartitionOptions& options);

PartitionResult partition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
