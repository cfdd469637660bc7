// The addon's exports; their type is NativeAddon in src/machine/native.ts.
#include "binding/arrays.hpp"
#include "binding/devices.hpp"
#include "binding/gaussian.hpp"
#include "binding/gram.hpp"
#include "binding/hidden.hpp"
#include "binding/machine.hpp"
#include "binding/network.hpp"
#include "binding/ratings.hpp"
#include "binding/rows.hpp"
#include "binding/softmax.hpp"
#include "binding/sparse.hpp"
#include "binding/trainer.hpp"
#include "cpu/info.hpp"

namespace boltzkit::binding {
namespace {

constexpr int abi = 12;  // must equal NATIVE_ABI in src/machine/native.ts

Napi::Array textArray(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array list = Napi::Array::New(env, texts.size());
  for (std::uint32_t i = 0; i < texts.size(); ++i) list.Set(i, texts[i]);
  return list;
}

Napi::Value cpu(const Napi::CallbackInfo& info) {
  const CpuInfo found = cpuInfo();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("model", found.model);
  object.Set("threads", Napi::Number::New(info.Env(), found.threads));
  object.Set("isa", found.isa);
  object.Set("available", textArray(info.Env(), found.available));
  return object;
}

std::span<const std::uint32_t> wordsOf(const Argument& argument, std::size_t n) {
  const std::span<const std::uint32_t> words = argument.view<std::uint32_t>();
  if (words.size() != n)
    throw shapeError("`" + argument.name() + "` must have " + std::to_string(n) + " words, got " + std::to_string(words.size()));
  return words;
}

Napi::Value philox(const Napi::CallbackInfo& info) {
  const auto counter = wordsOf(Argument(info, 0, "counter"), 4), key = wordsOf(Argument(info, 1, "key"), 2);
  const Words4 words = philox4x32({{counter[0], counter[1], counter[2], counter[3]}}, key[0], key[1]);
  Napi::Uint32Array result = Napi::Uint32Array::New(info.Env(), 4);
  std::copy(words.w, words.w + 4, result.Data());
  return result;
}

template <class Unit>
Napi::Object unitType(Napi::Env env) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", Unit::name);
  object.Set("grouped", Napi::Boolean::New(env, Unit::grouped));
  object.Set("parameters", textArray(env, {std::begin(Unit::parameterNames), std::end(Unit::parameterNames)}));
  return object;
}

Napi::Value unitTypes(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
#define BOLTZKIT_LISTED(enumerator, Unit) list.Set(list.Length(), unitType<Unit>(info.Env()));
  BOLTZKIT_UNITS(BOLTZKIT_LISTED)
#undef BOLTZKIT_LISTED
  return list;
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
napi_value invokeFunction(napi_env env, napi_callback_info raw) {
  return guarded(env, [&]() -> napi_value { return function(Napi::CallbackInfo(env, raw)); });
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value functionNamed(Napi::Env env, const char* name) {
  napi_value result = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, invokeFunction<function>, nullptr, &result) != napi_ok) throw Napi::Error::New(env);
  return {env, result};
}

}  // namespace

Instance::Instance(Napi::Env env) : jobs(env) {
  const Napi::Object global = env.Global();
  float32Array = Napi::Persistent(global.Get("Float32Array").As<Napi::Function>());
  float64Array = Napi::Persistent(global.Get("Float64Array").As<Napi::Function>());
  trainerClass = Napi::Persistent(TrainerObject::define(env));
}

napi_value initialise(napi_env rawEnv, napi_value rawExports) {
  return guarded(rawEnv, [&] {
    const Napi::Env env(rawEnv);
    Napi::Object exports(env, rawExports);
    env.SetInstanceData(std::make_unique<Instance>(env).release());
    exports.Set("abi", Napi::Number::New(env, abi));
    exports.Set("version", BOLTZKIT_VERSION);
    exports.Set("cpu", functionNamed<cpu>(env, "cpu"));
    exports.Set("cudaDevices", functionNamed<cudaDevices>(env, "cudaDevices"));
    exports.Set("philox4x32", functionNamed<philox>(env, "philox4x32"));
    exports.Set("unitTypes", functionNamed<unitTypes>(env, "unitTypes"));
    exports.Set("Rows", RowsObject::define(env));
    exports.Set("Machine", MachineObject::define(env));
    exports.Set("Network", NetworkObject::define(env));
    exports.Set("Ratings", RatingsObject::define(env));
    exports.Set("SoftmaxMachine", SoftmaxMachineObject::define(env));
    exports.Set("SoftmaxTrainer", SoftmaxTrainerObject::define(env));
    exports.Set("Gaussian", GaussianObject::define(env));
    exports.Set("Gram", GramObject::define(env));
    exports.Set("HiddenTrainer", HiddenObject::define(env));
    exports.Set("scoreHidden", functionNamed<scoreHidden>(env, "scoreHidden"));
    exports.Set("gramDiagonal", functionNamed<gramDiagonal>(env, "gramDiagonal"));
    exports.Set("sparseCouplings", functionNamed<sparseCouplings>(env, "sparseCouplings"));
    exports.Set("scoreSparse", functionNamed<scoreSparse>(env, "scoreSparse"));
    exports.Set("scoreRows", functionNamed<scoreRows>(env, "scoreRows"));
    return static_cast<napi_value>(exports);
  });
}

}  // namespace boltzkit::binding

NAPI_MODULE_INIT() { return boltzkit::binding::initialise(env, exports); }
