#include "binding/machine.hpp"

#include <algorithm>
#include <cmath>

#include "binding/arrays.hpp"
#include "binding/cost.hpp"
#include "core/checked.hpp"

namespace boltzkit::binding {
namespace {

// Smallest size that a machine reports to the garbage collector. A machine may hold threads, so a
// loop that makes and drops small machines must not accumulate thousands of them.
constexpr std::size_t leastReported = 1 << 20;

std::size_t bytesOf(Machine& machine) {
  std::size_t values = 0;
  for (const NamedTensor& p : machine.parameters()) values += p.tensor->rows() * p.tensor->cols();
  return values * (machine.backend().precision() == Precision::float32 ? sizeof(float) : sizeof(double));
}

template <class T>
Napi::Value downloaded(Napi::Env env, const Machine& machine, const Tensor& tensor) {
  const ResultArray<T> array(env, checkedMultiply(tensor.rows(), tensor.cols()));
  machine.backend().download(tensor, array.values());
  return array.value();
}

template <class T>
void uploadTo(Machine& machine, const std::string& name, const Argument& argument) {
  Tensor& tensor = machine.parameter(name);
  const std::span<const T> values = argument.view<T>();
  const std::size_t wanted = tensor.rows() * tensor.cols();
  if (values.size() != wanted)
    throw shapeError("`values` must have " + std::to_string(wanted) + " numbers, got " + std::to_string(values.size()));
  std::vector<double> stored(values.begin(), values.end());
  // A double may be finite and still overflow a float.
  if (machine.backend().precision() == Precision::float32)
    for (double& value : stored) value = static_cast<float>(value);
  machine.checkParameter(name, stored);
  machine.backend().upload(values, tensor);
}

}  // namespace

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
                                          method<M, &M::pseudoLikelihood>("pseudoLikelihood"),
                                          method<M, &M::placeSurprise>("placeSurprise"),
                                          method<M, &M::impute>("impute"),
                                          method<M, &M::chains>("chains"),
                                          method<M, &M::partition>("partition"),
                                          method<M, &M::rowSums>("rowSums"),
                                          method<M, &M::trainer>("trainer"),
                                          method<M, &M::dispose>("dispose"),
                                          getter<M, &M::passesAtOnce>("passesAtOnce"),
                                          getter<M, &M::busy>("busy"),
                                          getter<M, &M::disposed>("disposed")});
}

MachineObject::MachineObject(const Napi::CallbackInfo& info) {
  MachineSpec spec = machineSpecOf(Argument(info, 0, "spec"));
  handle_ = std::make_shared<MachineHandle>(info.Env());
  handle_->machine = std::make_shared<Machine>(std::move(spec.backend), std::move(spec.wiring), spec.seed, spec.weightScale);
  handle_->inference = std::make_shared<Inference>(handle_->machine);
  handle_->memory.set(std::max(bytesOf(*handle_->machine), leastReported));
}

std::shared_ptr<Machine> MachineObject::present() const {
  if (handle_->disposed()) throw disposedError();
  return handle_->machine;
}

std::shared_ptr<const Machine> MachineObject::copy(const std::string& name) const {
  if (!handle_->disposed() && handle_->busy()) throw busyError("`" + name + "` is in the middle of a job");
  return handle_->idle().twin();
}

Napi::Value MachineObject::parameters(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::vector<NamedTensor> named = machine->parameters();
  Napi::Array list = Napi::Array::New(info.Env(), named.size());
  for (std::uint32_t i = 0; i < named.size(); ++i) {
    Napi::Object entry = Napi::Object::New(info.Env());
    entry.Set("name", named[i].name);
    entry.Set("rows", Napi::Number::New(info.Env(), static_cast<double>(named[i].tensor->rows())));
    entry.Set("cols", Napi::Number::New(info.Env(), static_cast<double>(named[i].tensor->cols())));
    list.Set(i, entry);
  }
  return list;
}

Napi::Value MachineObject::getParameter(const Napi::CallbackInfo& info) {
  const std::string name = Argument(info, 0, "name").text();
  Machine& machine = handle_->idle();
  const Tensor& tensor = machine.parameter(name);
  return machine.backend().precision() == Precision::float32 ? downloaded<float>(info.Env(), machine, tensor)
                                                             : downloaded<double>(info.Env(), machine, tensor);
}

Napi::Value MachineObject::setParameter(const Napi::CallbackInfo& info) {
  const std::string name = Argument(info, 0, "name").text();
  const Argument values(info, 1, "values");
  Machine& machine = handle_->idle();
  machine.parameter(name);
  if (values.holds<float>())
    uploadTo<float>(machine, name, values);
  else if (values.holds<double>())
    uploadTo<double>(machine, name, values);
  else
    values.refuse("a Float32Array or Float64Array");
  return info.Env().Undefined();
}

Napi::Value MachineObject::getCounters(const Napi::CallbackInfo& info) {
  const std::vector<std::uint64_t>& counters = handle_->idle().random().counters();
  Napi::BigUint64Array array = Napi::BigUint64Array::New(info.Env(), counters.size());
  std::copy(counters.begin(), counters.end(), array.Data());
  return array;
}

Napi::Value MachineObject::setCounters(const Napi::CallbackInfo& info) {
  const Argument argument(info, 0, "counters");
  std::vector<std::uint64_t>& counters = handle_->idle().random().counters();
  const std::span<const std::uint64_t> given = argument.view<std::uint64_t>();
  if (given.size() > counters.size())
    throw shapeError("`counters` must have at most " + std::to_string(counters.size()) + " entries, got " + std::to_string(given.size()));
  for (std::uint64_t count : given)
    if (count > maxStreamStep) throw parameterError("`counters` must be below 2^48, got " + std::to_string(count));
  // A file from an earlier version lacks counters of newer purposes.
  std::copy(given.begin(), given.end(), counters.begin());
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
