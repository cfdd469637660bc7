// NativeGaussian: a Gaussian rating machine that a job trains and JavaScript asks.
#pragma once
#include <memory>

#include "binding/memory.hpp"
#include "binding/object.hpp"
#include "ratings/gaussian_training.hpp"

namespace boltzkit::binding {

class GaussianObject {
 public:
  static constexpr const char* className = "Gaussian";
  static constexpr napi_type_tag tag{0x5b7d21c09a4e4c1dull, 0xa8e3f06d7c215b94ull};
  static Napi::Function define(Napi::Env env);

  explicit GaussianObject(const Napi::CallbackInfo& info);

  // What training fills in; a job holds it as well.
  struct Slot {
    ratings::GaussianOptions options;
    ratings::GaussianTrained trained;
    bool busy = false;
  };

 private:
  Napi::Value train(const Napi::CallbackInfo& info);
  Napi::Value setModel(const Napi::CallbackInfo& info);
  Napi::Value addSample(const Napi::CallbackInfo& info);
  Napi::Value samples(const Napi::CallbackInfo& info);
  Napi::Value sample(const Napi::CallbackInfo& info);
  Napi::Value values(const Napi::CallbackInfo& info);
  Napi::Value state(const Napi::CallbackInfo& info);
  Napi::Value setState(const Napi::CallbackInfo& info);
  Napi::Value scores(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  Napi::Value similar(const Napi::CallbackInfo& info);
  Napi::Value contributions(const Napi::CallbackInfo& info);
  std::shared_ptr<const ratings::GaussianModel> model() const;

  std::shared_ptr<Slot> slot_ = std::make_shared<Slot>();
  std::shared_ptr<ratings::GaussianModel> loading_;  // between setModel and the first question
  unsigned threads_ = 0;
};

}  // namespace boltzkit::binding
