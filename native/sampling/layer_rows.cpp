#include "sampling/layer_rows.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace boltzkit {
namespace {

// True if a value within the type's domain is a state of one place. The sums over a unit are
// checked elsewhere.
template <class Unit>
bool isOfState(float value, std::uint32_t size) {
  if (Unit::grouped || Unit::states(size) > 2) return value == std::floor(value);
  return value == static_cast<float>(Unit::state(0, 0)) || value == static_cast<float>(Unit::state(1, 0));
}

std::string valuesOf(const float* s, std::size_t places) {
  std::string text;
  for (std::size_t k = 0; k < places; ++k) text += (k ? ", " : "") + decimal(s[k]);
  return text;
}

}  // namespace

void requireStates(const Machine& machine, const LayerRows& rows) {
  const Layer& layer = machine.wiring().layers()[rows.layer];
  const std::size_t group = groupSize(layer);
  std::vector<float> row(layer.places);
  visitUnit(layer.type, [&](auto unit) {
    using Unit = decltype(unit);
    const auto fits = [&](float value) { return isOfState<Unit>(value, layer.size); };
    if (Unit::states(layer.size) == 0) return;
    if (rows.through && rows.through->draw() == Draw::sample) return;
    if (rows.through)
      throw parameterError("rows of layer '" + layer.name +
                           "' must hold states of their units, which means seen through machines are not; see them as draws");
    if (rows.rows->all(fits)) return;
    for (std::size_t r = 0; r < rows.rows->rows(); ++r) {
      rows.rows->expand(r, row.data());
      for (std::size_t j = 0; j < layer.places; j += group)
        if (!std::all_of(&row[j], &row[j] + group, fits))
          throw parameterError("rows must hold states of their units, which means and probabilities are not: layer '" + layer.name +
                               "' has " + valuesOf(&row[j], group) + " in row " + std::to_string(r) + ", column " + std::to_string(j) +
                               "; make them binary first, by a threshold or by draws");
    }
  });
}

std::vector<std::uint32_t> evenlySpaced(std::size_t rows, std::size_t count) {
  std::vector<std::uint32_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<std::uint32_t>(i * rows / count);
  return numbers;
}

}  // namespace boltzkit
