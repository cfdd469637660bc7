// Machine.chains(): block Gibbs chains as a job.
#include <algorithm>

#include "binding/arrays.hpp"
#include "binding/convert.hpp"
#include "binding/cost.hpp"
#include "binding/layer_rows.hpp"
#include "binding/machine.hpp"
#include "core/checked.hpp"

namespace boltzkit::binding {
namespace {

// Chain numbers have 32 bits in random counters.
constexpr std::uint64_t maxChains = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t maxPairs = 1 << 16;

template <class T>
std::vector<T> listOf(const Argument& array) {
  const std::span<const T> values = array.view<T>();
  return {values.begin(), values.end()};
}

template <class T>
std::vector<T> wholeNumbers(const Argument& array, double most) {
  std::vector<T> numbers;
  for (double value : array.view<double>()) {
    if (!(value >= 0 && value <= most))
      throw parameterError("`" + array.name() + "` must hold numbers from 0 to " + decimal(most) + ", got " + decimal(value));
    numbers.push_back(static_cast<T>(value));
  }
  return numbers;
}

ChainOptions::Tempered temperedOf(const Argument& tempered) {
  ChainOptions::Tempered t;
  t.ladder.every = tempered.field("every").count(1, maxSafeInteger);
  t.sweeps = tempered.field("sweeps").count(0, maxSafeInteger);
  t.state.rung = wholeNumbers<std::uint32_t>(tempered.field("rung"), static_cast<double>(maxChains));
  t.state.direction = wholeNumbers<std::uint8_t>(tempered.field("direction"), 2);
  t.ladder.betas = listOf<double>(tempered.field("betas"));
  return t;
}

ChainOptions::Observe observeOf(const Argument& observe, const Wiring& wiring) {
  ChainOptions::Observe o;
  o.every = observe.field("every").count(1, maxSafeInteger);
  const Argument pairs = observe.field("pairs");
  const std::uint32_t n = pairs.length(maxPairs);
  for (std::uint32_t i = 0; i < n; ++i) {
    const Argument pair = pairs.item(i);
    if (pair.length(2) != 2) throw parameterError("`" + pair.name() + "` must be a pair of layer numbers");
    o.pairs.emplace_back(layerOf(pair.item(0), wiring), layerOf(pair.item(1), wiring));
  }
  return o;
}

std::vector<ChainOptions::Clamp> clampsOf(const Argument& list, const Wiring& wiring) {
  std::vector<ChainOptions::Clamp> clamps;
  const std::uint32_t n = list.length(static_cast<std::uint32_t>(wiring.layers().size()));
  for (std::uint32_t i = 0; i < n; ++i) {
    const Argument clamp = list.item(i), mask = clamp.field("mask"), values = clamp.field("values");
    clamps.push_back({layerOf(clamp.field("layer"), wiring), listOf<float>(mask), listOf<float>(values)});
  }
  return clamps;
}

template <class T>
Napi::Array arraysOf(Napi::Env env, const std::vector<ResultArray<T>>& arrays) {
  Napi::Array list = Napi::Array::New(env, arrays.size());
  for (std::uint32_t i = 0; i < arrays.size(); ++i) list.Set(i, arrays[i].value());
  return list;
}

template <class T>
Napi::Value numbersOf(Napi::Env env, const std::vector<T>& values) {
  const ResultArray<double> array(env, values.size());
  std::transform(values.begin(), values.end(), array.values().begin(), [](T v) { return static_cast<double>(v); });
  return array.value();
}

// The results that JavaScript requested.
struct Wanted {
  std::vector<std::size_t> states;
  std::optional<std::size_t> mean;
  bool energies;
};

class ChainTask : public Task {
 public:
  ChainTask(Napi::Env env, std::shared_ptr<Machine> machine, ChainOptions options, const Wanted& wanted)
      : machine_(std::move(machine)), options_(std::move(options)) {
    const std::size_t layers = machine_->wiring().layers().size();
    results_.states.resize(layers);
    for (std::size_t layer : wanted.states) results_.states[layer] = add(env, states_, options_.chains, machine_->places(layer));
    if (wanted.mean) results_.meanLayer = *wanted.mean;
    if (wanted.mean) results_.mean = add(env, mean_, options_.chains, machine_->places(*wanted.mean));
    if (wanted.energies) results_.energies = add(env, energies_, options_.chains, 1);
    if (!options_.observe) return;
    for (std::size_t l = 0; l < layers; ++l) results_.sums.push_back(add(env, sums_, 1, machine_->places(l)));
    for (const auto& [a, b] : options_.observe->pairs)
      results_.products.push_back(add(env, products_, machine_->places(a), machine_->places(b)));
  }

  void run(const Cancelled& cancelled, const Wake&) override { runChains(*machine_, options_, results_, cancelled); }

  Napi::Value result(Napi::Env env) override {
    Napi::Object result = Napi::Object::New(env);
    result.Set("states", arraysOf(env, states_));
    result.Set("mean", mean_.empty() ? env.Null() : mean_.front().value());
    result.Set("energies", energies_.empty() ? env.Null() : energies_.front().value());
    result.Set("observations", Napi::Number::New(env, static_cast<double>(results_.observations)));
    result.Set("sums", arraysOf(env, sums_));
    result.Set("products", arraysOf(env, products_));
    result.Set("rung", numbersOf(env, results_.ladder.rung));
    result.Set("direction", numbersOf(env, results_.ladder.direction));
    result.Set("attempts", numbersOf(env, results_.swaps.attempts));
    result.Set("accepted", numbersOf(env, results_.swaps.accepted));
    result.Set("roundTrips", Napi::Number::New(env, static_cast<double>(results_.swaps.roundTrips)));
    return result;
  }

 private:
  template <class T>
  static std::span<T> add(Napi::Env env, std::vector<ResultArray<T>>& list, std::size_t rows, std::size_t cols) {
    list.emplace_back(env, checkedMultiply(rows, cols));
    return list.back().values();
  }

  std::shared_ptr<Machine> machine_;
  ChainOptions options_;
  ChainResults results_;
  std::vector<ResultArray<float>> states_, mean_;
  std::vector<ResultArray<double>> energies_, sums_, products_;
};

Wanted wantedOf(const Argument& options, const Wiring& wiring) {
  Wanted wanted;
  const Argument states = options.field("states"), mean = options.field("mean");
  const std::uint32_t n = states.length(static_cast<std::uint32_t>(wiring.layers().size()));
  for (std::uint32_t i = 0; i < n; ++i) wanted.states.push_back(layerOf(states.item(i), wiring));
  if (std::adjacent_find(wanted.states.begin(), wanted.states.end(), std::greater_equal<>()) != wanted.states.end())
    throw parameterError("`" + states.name() + "` must rise");
  if (!mean.isNull()) wanted.mean = layerOf(mean, wiring);
  wanted.energies = options.field("energies").flag();
  return wanted;
}

}  // namespace

ChainOptions chainOptionsOf(const Argument& options, const Wiring& wiring) {
  ChainOptions o;
  o.chains = options.field("chains").count(1, maxChains);
  o.steps = options.field("steps").count(0, maxStreamStep - 1);
  o.quench = options.field("quench").count(0, maxSafeInteger);
  o.start = layerRowsListOf(options.field("start"), wiring, 0);
  const Argument tempered = options.field("tempered"), observe = options.field("observe");
  if (!tempered.isNull()) o.tempered = temperedOf(tempered);
  if (!observe.isNull()) o.observe = observeOf(observe, wiring);
  o.clamps = clampsOf(options.field("clamps"), wiring);
  o.betas = listOf<double>(options.field("betas"));
  o.schedule = listOf<double>(options.field("schedule"));
  return o;
}

Napi::Value MachineObject::chains(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const Argument given(info, 0, "options");
  ChainOptions options = chainOptionsOf(given, machine->wiring());
  const Wanted wanted = wantedOf(given, machine->wiring());
  validateChains(*machine, options);
  const bool small =
      Cost(*machine).small(options.chains, 2 * (static_cast<double>(options.steps) + static_cast<double>(options.quench) + 1));
  handle_->idle();
  return handle_->start(info.Env(), std::make_shared<ChainTask>(info.Env(), machine, std::move(options), wanted), small);
}

}  // namespace boltzkit::binding
