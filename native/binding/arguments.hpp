// Typed reading of arguments from JavaScript. Every reader checks type and range, and throws
// messages of one form:
//   `options.layer` must be an integer from 0 to 1, got 7
// Reading a property may run user code (getters, proxies). So callers read all arguments before
// they check their own state, and take pointers into typed arrays last.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "binding/node.hpp"
#include "core/error.hpp"

namespace boltzkit::binding {

// Largest n for which a double holds both n and n + 1 exactly.
inline constexpr std::uint64_t maxSafeInteger = (std::uint64_t{1} << 53) - 1;
inline constexpr std::uint64_t maxCount = std::numeric_limits<std::int32_t>::max();

// A short description of any value: "0.5", "'abc'", "an array", "undefined". Runs no user code.
std::string describe(Napi::Value value);

class Argument {
 public:
  Argument(Napi::Value value, std::string name) : value_(value), name_(std::move(name)) {}
  Argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) : Argument(info[index], name) {}

  Napi::Value value() const { return value_; }
  const std::string& name() const { return name_; }
  bool isNull() const { return value_.IsNull(); }

  Argument field(const char* key) const;           // of an object
  Argument item(std::uint32_t index) const;        // of an array
  std::uint32_t length(std::uint32_t most) const;  // of an array
  Napi::Object object() const;
  Napi::Function function() const;

  bool given() const { return !value_.IsUndefined(); }
  bool flag() const;
  double number(double low, double high) const;  // finite and in [low, high]
  std::uint64_t count(std::uint64_t low, std::uint64_t high) const;
  std::int64_t integer() const;  // any safe integer
  std::uint64_t big() const;     // a bigint from 0 to 2^64 - 1
  std::string text(std::size_t most = 1024) const;

  template <class E>
  E choice(std::initializer_list<std::pair<const char*, E>> choices) const {
    const std::string given = value_.IsString() ? text() : std::string();
    std::string expected;
    for (const auto& [word, meaning] : choices) {
      if (value_.IsString() && given == word) return meaning;
      expected += (expected.empty() ? "'" : " or '") + std::string(word) + "'";
    }
    refuse(expected);
  }

  // The elements of a typed array: float, double, std::uint8_t, std::uint32_t or std::uint64_t.
  // Rejects shared memory, which another thread could change between check and use.
  template <class T>
  std::span<T> view() const;
  template <class T>
  bool holds() const;

  // Throws "`name` must be <expected>, got <value>".
  [[noreturn]] void refuse(const std::string& expected) const;

 private:
  Napi::Value value_;
  std::string name_;
};

}  // namespace boltzkit::binding
