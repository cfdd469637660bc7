#include "binding/ratings.hpp"

#include <algorithm>

#include "binding/arrays.hpp"

namespace boltzkit::binding {
namespace {

Napi::Value numberOf(Napi::Env env, std::size_t count) { return Napi::Number::New(env, static_cast<double>(count)); }

}  // namespace

Napi::Function RatingsObject::define(Napi::Env env) {
  using R = RatingsObject;
  return defineClass<RatingsObject>(
      env,
      {getter<R, &R::users>("users"), getter<R, &R::items>("items"), getter<R, &R::entryCount>("entries"), getter<R, &R::bytes>("bytes"),
       method<R, &R::append>("append"), method<R, &R::finish>("finish"), method<R, &R::values>("values"), method<R, &R::row>("row")});
}

RatingsObject::RatingsObject(const Napi::CallbackInfo& info) : memory_(info.Env()) {
  const std::size_t users = Argument(info, 0, "users").count(0, maxCount), items = Argument(info, 1, "items").count(0, maxCount);
  entries_ = std::make_shared<ratings::RatedEntries>(users, items);
}

std::shared_ptr<const ratings::RatedEntries> RatingsObject::entries() const {
  if (!entries_->finished()) throw parameterError("ratings must be finished before they are used");
  return entries_;
}

Napi::Value RatingsObject::users(const Napi::CallbackInfo& info) { return numberOf(info.Env(), entries_->users()); }

Napi::Value RatingsObject::items(const Napi::CallbackInfo& info) { return numberOf(info.Env(), entries_->items()); }

Napi::Value RatingsObject::entryCount(const Napi::CallbackInfo& info) { return numberOf(info.Env(), entries_->entries()); }

Napi::Value RatingsObject::bytes(const Napi::CallbackInfo& info) { return numberOf(info.Env(), entries_->bytes()); }

Napi::Value RatingsObject::append(const Napi::CallbackInfo& info) {
  const Argument value(info, 2, "value");
  const bool ones = value.isNull();
  if (entries_->finished()) throw parameterError("ratings cannot grow once they are finished");
  const std::span<const std::uint32_t> users = Argument(info, 0, "user").view<std::uint32_t>();
  const std::span<const std::uint32_t> items = Argument(info, 1, "item").view<std::uint32_t>();
  const std::span<const float> values = ones ? std::span<const float>() : value.view<float>();
  if (!ones && values.size() != users.size())
    throw shapeError("`value` must be as long as `user` (" + std::to_string(users.size()) + "), got " + std::to_string(values.size()));
  entries_->append(users, items, values);
  memory_.set(entries_->bytes());
  return info.Env().Undefined();
}

Napi::Value RatingsObject::finish(const Napi::CallbackInfo& info) {
  entries_->finish();
  memory_.set(entries_->bytes());
  return numberOf(info.Env(), entries_->duplicates());
}

Napi::Value RatingsObject::values(const Napi::CallbackInfo& info) {
  const std::span<const float> values = entries()->values();
  const ResultArray<float> result(info.Env(), values.size());
  std::copy(values.begin(), values.end(), result.values().begin());
  return result.value();
}

Napi::Value RatingsObject::row(const Napi::CallbackInfo& info) {
  const std::size_t users = entries_->users();
  const std::size_t user = Argument(info, 0, "user").count(0, users == 0 ? 0 : users - 1);
  const std::shared_ptr<const ratings::RatedEntries> all = entries();
  if (users == 0) throw parameterError("there are no users");
  const ratings::EntryRows::Row row = all->byUser().row(user);
  Napi::Uint32Array items = Napi::Uint32Array::New(info.Env(), row.size());
  const ResultArray<float> values(info.Env(), row.size());
  for (std::size_t k = 0; k < row.size(); ++k) {
    items[k] = row.columns[k];
    values.values()[k] = row.value(k);
  }
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("items", items);
  object.Set("values", values.value());
  return object;
}

}  // namespace boltzkit::binding
