// NativeRatings: rated entries that JavaScript fills and jobs read.
#pragma once
#include <memory>

#include "binding/memory.hpp"
#include "binding/object.hpp"
#include "ratings/rated_entries.hpp"

namespace boltzkit::binding {

class RatingsObject {
 public:
  static constexpr const char* className = "Ratings";
  static constexpr napi_type_tag tag{0x3e5c1a97d80b4f62ull, 0x91f4c6a2b7de0385ull};
  static Napi::Function define(Napi::Env env);

  explicit RatingsObject(const Napi::CallbackInfo& info);

  // The finished entries; throws if `finish` has not been called.
  std::shared_ptr<const ratings::RatedEntries> entries() const;

 private:
  Napi::Value users(const Napi::CallbackInfo& info);
  Napi::Value items(const Napi::CallbackInfo& info);
  Napi::Value entryCount(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value append(const Napi::CallbackInfo& info);
  Napi::Value finish(const Napi::CallbackInfo& info);
  Napi::Value values(const Napi::CallbackInfo& info);
  Napi::Value row(const Napi::CallbackInfo& info);

  std::shared_ptr<ratings::RatedEntries> entries_;
  ExternalMemory memory_;
};

}  // namespace boltzkit::binding
