// The values that rows may hold, against those that units take.
#pragma once
#include <string>

#include "binding/rows.hpp"
#include "units/units.hpp"

namespace boltzkit::binding {

// Of units of a type.
Domain unitDomainOf(UnitType type, std::uint32_t size);
// Throws ParameterError unless all values that the rows may hold are ones of the domain. `rows` and
// `owner` name both in the message.
void requireWithinDomain(const RowsObject& object, const Domain& domain, const std::string& rows, const std::string& owner);

}  // namespace boltzkit::binding
