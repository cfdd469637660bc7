// NativeGram: the Gram matrix of rated entries, and what is solved from it. Functions that score rows
// of users by a matrix that JavaScript holds.
#pragma once
#include <memory>

#include "binding/memory.hpp"
#include "binding/object.hpp"
#include "ratings/tiled_matrix.hpp"

namespace boltzkit::binding {

class GramObject {
 public:
  static constexpr const char* className = "Gram";
  static constexpr napi_type_tag tag{0x6a1f0c52e7d94b38ull, 0xb2c86e13f05a97d4ull};
  static Napi::Function define(Napi::Env env);

  explicit GramObject(const Napi::CallbackInfo& info) : memory_(info.Env()) {}

  // A task's result. Nothing of JavaScript keeps the object while the task runs, so the task has it.
  struct State {
    std::shared_ptr<const ratings::TiledMatrix> matrix;
  };

 private:
  Napi::Value compute(const Napi::CallbackInfo& info);
  Napi::Value items(const Napi::CallbackInfo& info);
  Napi::Value diagonal(const Napi::CallbackInfo& info);
  Napi::Value couplings(const Napi::CallbackInfo& info);
  Napi::Value covariance(const Napi::CallbackInfo& info);

  std::shared_ptr<const ratings::TiledMatrix> present() const;

  std::shared_ptr<State> state_ = std::make_shared<State>();
  ExternalMemory memory_;
};

// scoreRows(matrix, items, offsets, item, value, threads, missing): a job, or its result.
Napi::Value scoreRows(const Napi::CallbackInfo& info);

}  // namespace boltzkit::binding
