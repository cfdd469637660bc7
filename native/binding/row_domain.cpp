#include "binding/row_domain.hpp"

namespace boltzkit::binding {

Domain unitDomainOf(UnitType type, std::uint32_t size) {
  return visitUnit(type, [&](auto unit) -> Domain {
    using Unit = decltype(unit);
    const UnitDomain domain = Unit::domain(size);
    return {domain.low, domain.high, domain.integers, false, Unit::grouped ? size : 1, domain.leastSum, domain.mostSum};
  });
}

void requireWithinDomain(const RowsObject& object, const Domain& domain, const std::string& rows, const std::string& owner) {
  if (object.domain().low < domain.low || object.domain().high > domain.high || (domain.integers && !object.domain().integers))
    throw parameterError("`" + rows + "` must be limited to [" + decimal(domain.low) + ", " + decimal(domain.high) + "], the domain of " +
                         owner);
  if (domain.bindsSums() &&
      (object.domain().group != domain.group || object.domain().leastSum < domain.leastSum || object.domain().mostSum > domain.mostSum))
    throw parameterError("`" + rows + "` must be limited to units of " + std::to_string(domain.group) +
                         (domain.group == 1 ? " place" : " places") + " that add up to " + decimal(domain.mostSum) +
                         (domain.leastSum < domain.mostSum ? " at most" : "") + ", as those of " + owner + " do");
}

}  // namespace boltzkit::binding
