// The own properties of an object whose names are not known before.
#pragma once
#include <string>

#include "binding/arguments.hpp"

namespace boltzkit::binding {

inline constexpr std::size_t maxNameBytes = 4096;
// Enough for three states of a run with all their reservoirs.
inline constexpr std::uint32_t mostFields = 1u << 22;

// Calls f(key, value) for each own property of an object.
template <class F>
void forEachField(const Argument& argument, F&& f) {
  const Napi::Object object = argument.object();
  napi_value keys = nullptr;
  const auto filter = static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols);
  if (napi_get_all_property_names(object.Env(), object, napi_key_own_only, filter, napi_key_numbers_to_strings, &keys) != napi_ok)
    throw Napi::Error::New(object.Env());
  const Argument names(Napi::Value(object.Env(), keys), argument.name());
  const std::uint32_t n = names.length(mostFields);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::string key = names.item(i).text(maxNameBytes);
    f(key, argument.field(key.c_str()));
  }
}

}  // namespace boltzkit::binding
