// NativeRows: data rows that JavaScript fills and jobs read.
#pragma once
#include <memory>

#include "binding/memory.hpp"
#include "binding/object.hpp"
#include "core/rows.hpp"

namespace boltzkit::binding {

class RowsObject {
 public:
  static constexpr const char* className = "Rows";
  static constexpr napi_type_tag tag{0x8d1f6a0c53b94e27ull, 0xa3c07be2194f5d68ull};
  static Napi::Function define(Napi::Env env);

  explicit RowsObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<Rows>& rows() const { return rows_; }
  Domain domain() const { return domain_; }

 private:
  Napi::Value rowCount(const Napi::CallbackInfo& info);
  Napi::Value cols(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value missing(const Napi::CallbackInfo& info);
  Napi::Value appendDense(const Napi::CallbackInfo& info);
  Napi::Value appendBits(const Napi::CallbackInfo& info);
  Napi::Value appendSparse(const Napi::CallbackInfo& info);
  Napi::Value select(const Napi::CallbackInfo& info);
  Napi::Value toFloat32(const Napi::CallbackInfo& info);

  template <class T>
  bool appendOf(const Argument& data, Rows::Source<T> source);
  void beginAppend();

  std::shared_ptr<Rows> rows_;
  Domain domain_;
  bool once_ = false;  // true: each append replaces the rows
  ExternalMemory memory_;
};

}  // namespace boltzkit::binding
