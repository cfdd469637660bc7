// What a layer of a network is to be, as it was asked for: its kind and the settings of that kind.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace boltzkit {

// Readers throw ParameterError that names the layer, the setting and what was expected.
struct LayerSpec {
  std::string kind, name;
  std::map<std::string, std::string> texts;
  std::map<std::string, double> numbers;

  // Throws if there is a setting of another name.
  void requireOnly(std::initializer_list<std::string_view> settings) const {
    const auto check = [&](const auto& given) {
      for (const auto& [key, value] : given)
        if (std::find(settings.begin(), settings.end(), key) == settings.end())
          throw parameterError("layer '" + name + "' of kind '" + kind + "' has no setting `" + key + "`");
    };
    check(texts);
    check(numbers);
  }

  const std::string& text(const std::string& key) const {
    const auto found = texts.find(key);
    if (found == texts.end()) throw parameterError("layer '" + name + "' needs a text `" + key + "`");
    return found->second;
  }

  double number(const std::string& key, double low, double high) const {
    const auto found = numbers.find(key);
    if (found == numbers.end()) throw parameterError("layer '" + name + "' needs a number `" + key + "`");
    if (!(found->second >= low && found->second <= high))
      throw parameterError("`" + key + "` of layer '" + name + "' must lie in [" + decimal(low) + ", " + decimal(high) + "], got " +
                           decimal(found->second));
    return found->second;
  }

  std::size_t count(const std::string& key, std::size_t low) const {
    const double value = number(key, static_cast<double>(low), std::numeric_limits<std::int32_t>::max());
    if (value != std::floor(value))
      throw parameterError("`" + key + "` of layer '" + name + "' must be a whole number, got " + decimal(value));
    return static_cast<std::size_t>(value);
  }
  std::size_t count(const std::string& key, std::size_t low, std::size_t usual) const {
    return numbers.contains(key) ? count(key, low) : usual;
  }
};

}  // namespace boltzkit
