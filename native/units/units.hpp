// The list of unit types. To add one: write its header, then add one line to BOLTZKIT_UNITS.
#pragma once
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "units/bernoulli.hpp"
#include "units/binomial.hpp"
#include "units/counts.hpp"
#include "units/double_relu.hpp"
#include "units/gaussian.hpp"
#include "units/relu.hpp"
#include "units/softmax.hpp"
#include "units/spin.hpp"

// X(enumerator, type)
#define BOLTZKIT_UNITS(X)   \
  X(bernoulli, Bernoulli)   \
  X(spin, Spin)             \
  X(softmax, Softmax)       \
  X(gaussian, Gaussian)     \
  X(relu, Relu)             \
  X(doubleRelu, DoubleRelu) \
  X(binomial, Binomial)     \
  X(counts, Counts)

namespace boltzkit {

enum class UnitType : std::uint8_t {
#define BOLTZKIT_ENUMERATOR(enumerator, type) enumerator,
  BOLTZKIT_UNITS(BOLTZKIT_ENUMERATOR)
#undef BOLTZKIT_ENUMERATOR
};

// Calls f(Unit{}) with the type that belongs to the tag. Nothing else turns a tag into a type.
template <class F>
decltype(auto) visitUnit(UnitType type, F&& f) {
  switch (type) {
#define BOLTZKIT_CASE(enumerator, type) \
  case UnitType::enumerator:            \
    return f(type{});
    BOLTZKIT_UNITS(BOLTZKIT_CASE)
#undef BOLTZKIT_CASE
  }
  throw Error(ErrorCode::internal, "unknown unit type");
}

inline std::size_t unitParameterCount(UnitType type) {
  return visitUnit(type, [](auto unit) { return decltype(unit)::parameters; });
}

// True if parameter number `parameter` of a type moves the field of its unit.
inline bool isBias(UnitType type, std::size_t parameter) {
  return visitUnit(type, [&](auto unit) { return decltype(unit)::isBias[parameter]; });
}

// True if a unit keeps the total of its places; then its states are not known without data.
inline bool keepsTotal(UnitType type) {
  return visitUnit(type, [](auto unit) { return decltype(unit)::keepsTotal; });
}

inline UnitType unitTypeNamed(std::string_view name);

// The type with the same U(s) and measure 1. Most types are their own. A temperature scales U(s)
// but not the measure.
inline UnitType unmeasured(UnitType type) {
  return visitUnit(type, [&](auto unit) {
    if constexpr (requires { typename decltype(unit)::Unmeasured; }) return unitTypeNamed(decltype(unit)::Unmeasured::name);
    return type;
  });
}

inline UnitType unitTypeNamed(std::string_view name) {
#define BOLTZKIT_NAMED(enumerator, type) \
  if (name == type::name) return UnitType::enumerator;
  BOLTZKIT_UNITS(BOLTZKIT_NAMED)
#undef BOLTZKIT_NAMED
  throw parameterError("unknown unit type '" + std::string(name) + "'");
}

}  // namespace boltzkit
