// NativeHiddenTrainer: trains hidden units beside couplings, epoch by epoch. A function that scores by
// both.
#pragma once
#include <memory>
#include <vector>

#include "binding/memory.hpp"
#include "binding/object.hpp"
#include "ratings/hidden_machine.hpp"

namespace boltzkit::binding {

class HiddenObject {
 public:
  static constexpr const char* className = "HiddenTrainer";
  static constexpr napi_type_tag tag{0x57c9d01e6fa84b23ull, 0xd84e2b7190c6f35aull};
  static Napi::Function define(Napi::Env env);

  explicit HiddenObject(const Napi::CallbackInfo& info);

  // Kept by the object and by its jobs.
  struct State {
    std::shared_ptr<const ratings::RatedEntries> entries;
    std::unique_ptr<ratings::HiddenTrainer> trainer;
    unsigned threads = 1;
    bool busy = false, broken = false;
  };

 private:
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value parameters(const Napi::CallbackInfo& info);

  std::shared_ptr<State> state_ = std::make_shared<State>();
  // The couplings' arrays: JavaScript's, kept as long as the object is.
  std::shared_ptr<std::vector<Napi::ObjectReference>> kept_ = std::make_shared<std::vector<Napi::ObjectReference>>();
  ExternalMemory memory_;
};

// scoreHidden(scores, parameters, offsets, item, value, threads): turns scores into logits in
// place and gives them back: a job, or the result.
Napi::Value scoreHidden(const Napi::CallbackInfo& info);

}  // namespace boltzkit::binding
