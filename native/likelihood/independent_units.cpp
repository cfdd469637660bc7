#include "likelihood/independent_units.hpp"

#include <algorithm>
#include <type_traits>

namespace boltzkit {
namespace {

UnitView<double> viewOf(const Layer& layer, const std::vector<double>& parameters, std::size_t place) {
  return {parameters.data() + place, layer.places, layer.size};
}

}  // namespace

bool IndependentUnits::possible(const Machine& machine, const std::vector<bool>& given) {
  for (std::size_t l = 0; l < given.size(); ++l) {
    if (!given[l]) continue;
    const bool fits = visitUnit(machine.wiring().layers()[l].type, [](auto unit) {
      using Unit = decltype(unit);
      return (Unit::linear && !Unit::keepsTotal) || std::is_same_v<Unit, Gaussian>;
    });
    if (!fits) return false;
  }
  return true;
}

IndependentUnits::IndependentUnits(const Machine& machine, std::vector<std::vector<double>> parameters)
    : machine_(machine), parameters_(std::move(parameters)), cumulants_(parameters_.size()) {
  for (std::size_t l = 0; l < parameters_.size(); ++l) {
    if (parameters_[l].empty()) continue;
    const Layer& layer = machine.wiring().layers()[l];
    const std::size_t size = groupSize(layer);
    const std::vector<double> noField(size, 0.0);
    for (std::size_t j = 0; j < layer.places; j += size)
      cumulants_[l].push_back(visitUnit(layer.type, [&](auto unit) {
        using Unit = decltype(unit);
        const UnitView<double> view = viewOf(layer, parameters_[l], j);
        if constexpr (Unit::grouped)
          return Unit::cumulant(noField.data(), 1.0, view, 1.0);
        else
          return Unit::cumulant(0.0, 1.0, view);
      }));
  }
}

void IndependentUnits::logLikelihoods(const States& states, std::span<const UnitPart> parts, const Stream& stream, std::size_t firstChain,
                                      std::span<double> out) const {
  std::fill(out.begin(), out.end(), 0.0);
  std::vector<std::vector<double>> values(parameters_.size());
  for (const UnitPart& part : parts) {
    const std::size_t l = part.layer;
    const Layer& layer = machine_.wiring().layers()[l];
    const std::size_t size = groupSize(layer);
    if (values[l].empty()) values[l] = valuesOf(machine_.backend(), states[l]);
    visitUnit(layer.type, [&](auto type) {
      using Unit = decltype(type);
      for (std::size_t r = 0; r < out.size(); ++r) {
        const std::size_t unit = part.pick(stream, firstChain + r), place = unit * size;
        const double* s = values[l].data() + r * layer.places + place;
        const UnitView<double> view = viewOf(layer, parameters_[l], place);
        double energy;
        if constexpr (Unit::grouped)
          energy = Unit::energy(s, view);
        else
          energy = Unit::energy(*s, view);
        out[r] -= static_cast<double>(part.count) * (energy + cumulants_[l][unit]);
      }
    });
  }
}

}  // namespace boltzkit
