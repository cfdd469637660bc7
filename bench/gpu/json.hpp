// A JSON object, written value by value in the order given.
#pragma once
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace boltzkit::bench {

class Json {
 public:
  Json& add(std::string_view name, std::string_view text) { return put(name, quoted(text)); }
  Json& add(std::string_view name, const char* text) { return put(name, quoted(text)); }
  Json& add(std::string_view name, bool value) { return put(name, value ? "true" : "false"); }
  Json& add(std::string_view name, std::integral auto value) { return put(name, std::to_string(value)); }
  Json& add(std::string_view name, double value) { return put(name, number(value)); }
  Json& add(std::string_view name, const Json& object) { return put(name, object.text()); }
  Json& add(std::string_view name, const std::vector<double>& values) { return put(name, list(values, number)); }
  Json& add(std::string_view name, const std::vector<Json>& objects) {
    return put(name, list(objects, [](const Json& object) { return "\n" + object.text(); }));
  }

  std::string text() const { return "{" + body_ + "}"; }

 private:
  Json& put(std::string_view name, const std::string& value) {
    body_ += (body_.empty() ? "" : ", ") + quoted(name) + ": " + value;
    return *this;
  }
  // JSON knows no NaN and no infinity.
  static std::string number(double value) { return std::isfinite(value) ? decimal(value) : "null"; }
  template <class T, class Write>
  static std::string list(const std::vector<T>& values, Write&& write) {
    std::string all;
    for (const T& value : values) all += (all.empty() ? "" : ", ") + write(value);
    return "[" + all + "]";
  }
  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return out + '"';
  }

  std::string body_;
};

}  // namespace boltzkit::bench
