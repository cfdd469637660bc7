#include "binding/arguments.hpp"

#include <charconv>
#include <cmath>

namespace boltzkit::binding {
namespace {

constexpr std::size_t shownText = 40;  // characters of a string that an error message quotes

std::string quoted(Napi::Value value) {
  char buffer[4 * shownText + 1];
  std::size_t length = 0, copied = 0;
  napi_get_value_string_utf8(value.Env(), value, nullptr, 0, &length);
  napi_get_value_string_utf8(value.Env(), value, buffer, sizeof buffer, &copied);
  return "'" + std::string(buffer, copied) + (length > copied ? "…'" : "'");
}

template <class T>
constexpr napi_typedarray_type arrayType();
template <>
constexpr napi_typedarray_type arrayType<float>() {
  return napi_float32_array;
}
template <>
constexpr napi_typedarray_type arrayType<double>() {
  return napi_float64_array;
}
template <>
constexpr napi_typedarray_type arrayType<std::uint8_t>() {
  return napi_uint8_array;
}
template <>
constexpr napi_typedarray_type arrayType<std::uint32_t>() {
  return napi_uint32_array;
}
template <>
constexpr napi_typedarray_type arrayType<std::uint64_t>() {
  return napi_biguint64_array;
}

template <class T>
constexpr const char* arrayName() {
  switch (arrayType<T>()) {
    case napi_float32_array:
      return "a Float32Array";
    case napi_float64_array:
      return "a Float64Array";
    case napi_uint8_array:
      return "a Uint8Array";
    case napi_uint32_array:
      return "a Uint32Array";
    default:
      return "a BigUint64Array";
  }
}

struct TypedArrayInfo {
  bool typed = false, shared = false;
  napi_typedarray_type type{};
  std::size_t length = 0;
  void* data = nullptr;
};

TypedArrayInfo typedArrayInfo(Napi::Value value) {
  TypedArrayInfo info;
  bool is = false;
  if (napi_is_typedarray(value.Env(), value, &is) != napi_ok || !is) return info;
  napi_value buffer = nullptr;
  // This fails for element types newer than this Node-API version. Such an array is not supported.
  if (napi_get_typedarray_info(value.Env(), value, &info.type, &info.length, &info.data, &buffer, nullptr) != napi_ok) return info;
  bool plain = false;
  napi_is_arraybuffer(value.Env(), buffer, &plain);
  info.typed = true;
  info.shared = !plain;
  return info;
}

}  // namespace

std::string describe(Napi::Value value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number:
      return decimal(value.As<Napi::Number>().DoubleValue());
    case napi_string:
      return quoted(value);
    case napi_bigint: {
      bool lossless = false;
      const std::int64_t small = value.As<Napi::BigInt>().Int64Value(&lossless);
      return lossless ? std::to_string(small) + "n" : "a large bigint";
    }
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    default:
      if (value.IsArray()) return "an array";
      if (value.IsTypedArray()) return "a typed array of another type";
      return "an object";
  }
}

void Argument::refuse(const std::string& expected) const {
  throw parameterError("`" + name_ + "` must be " + expected + ", got " + describe(value_));
}

Napi::Object Argument::object() const {
  if (!value_.IsObject() || value_.IsFunction()) refuse("an object");
  return value_.As<Napi::Object>();
}

Napi::Function Argument::function() const {
  if (!value_.IsFunction()) refuse("a function");
  return value_.As<Napi::Function>();
}

Argument Argument::field(const char* key) const { return {object().Get(key), name_ + "." + key}; }

Argument Argument::item(std::uint32_t index) const { return {object().Get(index), name_ + "[" + std::to_string(index) + "]"}; }

std::uint32_t Argument::length(std::uint32_t most) const {
  if (!value_.IsArray()) refuse("an array");
  const std::uint32_t length = value_.As<Napi::Array>().Length();
  if (length > most)
    throw parameterError("`" + name_ + "` must have at most " + std::to_string(most) + " entries, got " + std::to_string(length));
  return length;
}

bool Argument::flag() const {
  if (!value_.IsBoolean()) refuse("true or false");
  return value_.As<Napi::Boolean>().Value();
}

double Argument::number(double low, double high) const {
  const double x = value_.IsNumber() ? value_.As<Napi::Number>().DoubleValue() : std::nan("");
  if (std::isfinite(x) && x >= low && x <= high) return x;
  const double most = std::numeric_limits<double>::max();
  if (low > -most && high < most) refuse("a number from " + decimal(low) + " to " + decimal(high));
  if (low > -most) refuse("a finite number of at least " + decimal(low));
  refuse("a finite number");
}

std::uint64_t Argument::count(std::uint64_t low, std::uint64_t high) const {
  const double x = value_.IsNumber() ? value_.As<Napi::Number>().DoubleValue() : std::nan("");
  // NaN fails every comparison. high <= 2^53 - 1, so both limits are exact as doubles.
  if (x >= static_cast<double>(low) && x <= static_cast<double>(high) && x == std::trunc(x)) return static_cast<std::uint64_t>(x);
  refuse("an integer from " + std::to_string(low) + " to " + std::to_string(high));
}

std::int64_t Argument::integer() const {
  const double x = value_.IsNumber() ? value_.As<Napi::Number>().DoubleValue() : std::nan("");
  if (std::fabs(x) <= static_cast<double>(maxSafeInteger) && x == std::trunc(x)) return static_cast<std::int64_t>(x);
  refuse("an integer between -(2^53 - 1) and 2^53 - 1");
}

std::uint64_t Argument::big() const {
  bool lossless = false;
  const std::uint64_t x = value_.IsBigInt() ? value_.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  if (!lossless) refuse("a bigint from 0 to 2^64 - 1");
  return x;
}

std::string Argument::text(std::size_t most) const {
  if (!value_.IsString()) refuse("a string");
  std::size_t length = 0;
  napi_get_value_string_utf8(value_.Env(), value_, nullptr, 0, &length);
  if (length > most) refuse("a string of at most " + std::to_string(most) + " bytes");
  return value_.As<Napi::String>().Utf8Value();
}

template <class T>
bool Argument::holds() const {
  const TypedArrayInfo info = typedArrayInfo(value_);
  return info.typed && info.type == arrayType<T>();
}

template <class T>
std::span<T> Argument::view() const {
  const TypedArrayInfo info = typedArrayInfo(value_);
  if (!info.typed || info.type != arrayType<T>()) refuse(arrayName<T>());
  if (info.shared) throw parameterError("`" + name_ + "` must not be in shared memory");
  return {static_cast<T*>(info.data), info.length};
}

#define BOLTZKIT_VIEW(T)                    \
  template bool Argument::holds<T>() const; \
  template std::span<T> Argument::view<T>() const;
BOLTZKIT_VIEW(float)
BOLTZKIT_VIEW(double)
BOLTZKIT_VIEW(std::uint8_t)
BOLTZKIT_VIEW(std::uint32_t)
BOLTZKIT_VIEW(std::uint64_t)
#undef BOLTZKIT_VIEW

}  // namespace boltzkit::binding
