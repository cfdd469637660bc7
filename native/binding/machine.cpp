#include "binding/machine.hpp"

#include <algorithm>
#include <utility>

#include "binding/convert.hpp"
#include "binding/cost.hpp"
#include "binding/model_parameters.hpp"

namespace boltzkit::binding {

Napi::Function MachineObject::define(Napi::Env env) {
  using M = MachineObject;
  return defineClass<MachineObject>(env, {method<M, &M::parameters>("parameters"),
                                          method<M, &M::getParameter>("getParameter"),
                                          method<M, &M::setParameter>("setParameter"),
                                          method<M, &M::getCounters>("getCounters"),
                                          method<M, &M::setCounters>("setCounters"),
                                          method<M, &M::conditional>("conditional"),
                                          method<M, &M::categoryProbabilities>("categoryProbabilities"),
                                          method<M, &M::domain>("domain"),
                                          method<M, &M::reconstruct>("reconstruct"),
                                          method<M, &M::energy>("energy"),
                                          method<M, &M::freeEnergy>("freeEnergy"),
                                          method<M, &M::meanField>("meanField"),
                                          method<M, &M::meanFieldBound>("meanFieldBound"),
                                          method<M, &M::pseudoLikelihood>("pseudoLikelihood"),
                                          method<M, &M::placeSurprise>("placeSurprise"),
                                          method<M, &M::impute>("impute"),
                                          method<M, &M::chains>("chains"),
                                          method<M, &M::partition>("partition"),
                                          method<M, &M::lengthSums>("lengthSums"),
                                          method<M, &M::rowSums>("rowSums"),
                                          method<M, &M::trainer>("trainer"),
                                          method<M, &M::upDownTrainer>("upDownTrainer"),
                                          method<M, &M::beliefBound>("beliefBound"),
                                          method<M, &M::dispose>("dispose"),
                                          getter<M, &M::passesAtOnce>("passesAtOnce"),
                                          getter<M, &M::busy>("busy"),
                                          getter<M, &M::disposed>("disposed")});
}

MachineObject::MachineObject(const Napi::CallbackInfo& info) {
  MachineSpec spec = machineSpecOf(Argument(info, 0, "spec"));
  const std::shared_ptr<Backend> backend = std::move(spec.backend);
  handle_ = std::make_shared<MachineHandle>(info.Env(), "machine", backend);
  handle_->model = std::make_shared<Machine>(backend, std::move(spec.wiring), spec.seed, spec.weightScale);
  handle_->inference = std::make_shared<Inference>(handle_->model);
  handle_->memory.set(std::max(parameterBytes(*handle_->model), leastReported));
}

std::shared_ptr<Machine> MachineObject::present() const { return handle_->present(); }

std::shared_ptr<Machine> MachineObject::copy(const std::string& name) const {
  if (!handle_->disposed() && handle_->busy()) throw busyError("`" + name + "` is in the middle of a job");
  return handle_->idle().twin();
}

Napi::Value MachineObject::parameters(const Napi::CallbackInfo& info) { return parameterList(info.Env(), *present()); }

Napi::Value MachineObject::getParameter(const Napi::CallbackInfo& info) { return readParameter(info, *handle_); }

Napi::Value MachineObject::setParameter(const Napi::CallbackInfo& info) { return writeParameter(info, *handle_); }

Napi::Value MachineObject::getCounters(const Napi::CallbackInfo& info) { return readCounters(info.Env(), handle_->idle().random()); }

Napi::Value MachineObject::setCounters(const Napi::CallbackInfo& info) {
  const Argument counters(info, 0, "counters");
  writeCounters(counters, handle_->idle().random());
  return info.Env().Undefined();
}

Napi::Value MachineObject::domain(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const Domain domain = domainOf(machine->wiring().layers()[layerOf(Argument(info, 0, "layer"), machine->wiring())]);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("low", Napi::Number::New(info.Env(), domain.low));
  object.Set("high", Napi::Number::New(info.Env(), domain.high));
  object.Set("integers", Napi::Boolean::New(info.Env(), domain.integers));
  object.Set("group", Napi::Number::New(info.Env(), static_cast<double>(domain.group)));
  object.Set("leastSum", Napi::Number::New(info.Env(), domain.leastSum));
  object.Set("mostSum", Napi::Number::New(info.Env(), domain.mostSum));
  return object;
}

Napi::Value MachineObject::passesAtOnce(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Cost(*present()).passesAtOnce());
}

Napi::Value MachineObject::busy(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), handle_->busy()); }

Napi::Value MachineObject::disposed(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), handle_->disposed()); }

Napi::Value MachineObject::dispose(const Napi::CallbackInfo& info) {
  handle_->dispose(info.Env());
  return info.Env().Undefined();
}

}  // namespace boltzkit::binding
