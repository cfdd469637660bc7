#include "binding/network.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "binding/array_task.hpp"
#include "binding/cost.hpp"
#include "binding/model_parameters.hpp"
#include "binding/network_convert.hpp"
#include "core/checked.hpp"
#include "network/answers.hpp"

namespace boltzkit::binding {
namespace {

// Fills the losses and errors of rows.
class ScoreTask : public Task {
 public:
  ScoreTask(Napi::Env env, std::shared_ptr<Network> network, NetworkRows given, LossKind loss)
      : network_(std::move(network)),
        given_(std::move(given)),
        kind_(loss),
        loss_(env, given_.rows->rows()),
        error_(env, given_.rows->rows()) {}

  void run(const Cancelled& cancelled, const Wake&) override {
    if (given_.rows->rows() == 0) return;
    const NetworkData data(*network_, given_);
    NetworkScorer(*network_, kind_, data.rows()).score(data, cancelled, loss_.values(), error_.values());
  }
  Napi::Value result(Napi::Env env) override {
    Napi::Array pair = Napi::Array::New(env, 2);
    pair.Set(0u, loss_.value());
    pair.Set(1u, error_.value());
    return pair;
  }

 private:
  std::shared_ptr<Network> network_;
  NetworkRows given_;
  LossKind kind_;
  ResultArray<double> loss_, error_;
};

}  // namespace

Napi::Function NetworkObject::define(Napi::Env env) {
  using N = NetworkObject;
  return defineClass<NetworkObject>(
      env, {method<N, &N::parameters>("parameters"), method<N, &N::getParameter>("getParameter"),
            method<N, &N::setParameter>("setParameter"), method<N, &N::getCounters>("getCounters"),
            method<N, &N::setCounters>("setCounters"), method<N, &N::forward>("forward"), method<N, &N::score>("score"),
            method<N, &N::inputGradient>("inputGradient"), method<N, &N::trainer>("trainer"), method<N, &N::dispose>("dispose"),
            getter<N, &N::passesAtOnce>("passesAtOnce"), getter<N, &N::busy>("busy"), getter<N, &N::disposed>("disposed")});
}

NetworkObject::NetworkObject(const Napi::CallbackInfo& info) {
  NetworkSpec spec = networkSpecOf(Argument(info, 0, "spec"));
  const std::shared_ptr<Backend> backend = std::move(spec.backend);
  handle_ = std::make_shared<NetworkHandle>(info.Env(), "network", backend);
  handle_->model = std::make_shared<Network>(backend, spec.inputs, spec.layers, spec.seed);
  handle_->memory.set(std::max(parameterBytes(*handle_->model), leastReported));
}

Napi::Value NetworkObject::parameters(const Napi::CallbackInfo& info) { return parameterList(info.Env(), *handle_->present()); }

Napi::Value NetworkObject::getParameter(const Napi::CallbackInfo& info) { return readParameter(info, *handle_); }

Napi::Value NetworkObject::setParameter(const Napi::CallbackInfo& info) { return writeParameter(info, *handle_); }

Napi::Value NetworkObject::getCounters(const Napi::CallbackInfo& info) { return readCounters(info.Env(), handle_->idle().random()); }

Napi::Value NetworkObject::setCounters(const Napi::CallbackInfo& info) {
  const Argument counters(info, 0, "counters");
  writeCounters(counters, handle_->idle().random());
  return info.Env().Undefined();
}

Napi::Value NetworkObject::forward(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Network> network = handle_->present();
  const std::size_t layer = Argument(info, 1, "layer").count(0, network->layers().size() - 1);
  const Argument first(info, 3, "from");
  const std::size_t from = first.given() ? first.count(0, layer) : 0;
  const std::shared_ptr<const Rows> rows = layerInputRowsOf(Argument(info, 0, "rows"), *network, from);
  const std::size_t places = network->layers()[layer]->outputs();
  return fillArray<float>(info.Env(), *handle_, checkedMultiply(rows->rows(), places),
                          nowOf(info, 2) || Cost(*network).small(static_cast<double>(rows->rows()), 1),
                          [=](const Cancelled& cancelled, std::span<float> out) {
                            if (rows->rows() > 0) networkOutputs(*network, NetworkData(*network, rows, from), from, layer, cancelled, out);
                          });
}

Napi::Value NetworkObject::score(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Network> network = handle_->present();
  const LossKind loss = lossOf(Argument(info, 2, "loss"));
  NetworkRows given = networkRowsOf(Argument(info, 0, "rows"), Argument(info, 1, "targets"), loss, *network);
  const bool here = nowOf(info, 3) || Cost(*network).small(static_cast<double>(given.rows->rows()), 1);
  handle_->requireIdle();
  return handle_->start(info.Env(), std::make_shared<ScoreTask>(info.Env(), network, std::move(given), loss), here);
}

Napi::Value NetworkObject::inputGradient(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Network> network = handle_->present();
  const LossKind loss = lossOf(Argument(info, 2, "loss"));
  const NetworkRows given = networkRowsOf(Argument(info, 0, "rows"), Argument(info, 1, "targets"), loss, *network);
  const std::size_t rows = given.rows->rows();
  return fillArray<float>(info.Env(), *handle_, checkedMultiply(rows, network->inputs()),
                          Cost(*network).small(static_cast<double>(rows), 2), [=](const Cancelled& cancelled, std::span<float> out) {
                            if (rows > 0) inputGradients(*network, NetworkData(*network, given), loss, cancelled, out);
                          });
}

Napi::Value NetworkObject::passesAtOnce(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Cost(*handle_->present()).passesAtOnce());
}

Napi::Value NetworkObject::busy(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), handle_->busy()); }

Napi::Value NetworkObject::disposed(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), handle_->disposed()); }

Napi::Value NetworkObject::dispose(const Napi::CallbackInfo& info) {
  handle_->dispose(info.Env());
  return info.Env().Undefined();
}

}  // namespace boltzkit::binding
