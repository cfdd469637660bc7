// Estimates log Z by the method in the options, or by one that suits the machine.
#pragma once
#include "core/interrupt.hpp"
#include "likelihood/partition_options.hpp"

namespace boltzkit {

// Throws ParameterError or ShapeError if the options do not fit the machine.
void validatePartition(const Machine& machine, const PartitionOptions& options);

PartitionResult partition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
