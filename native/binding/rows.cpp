#include "binding/rows.hpp"

#include "binding/arrays.hpp"
#include "core/checked.hpp"

namespace boltzkit::binding {
namespace {

// Far above any array length, and small enough for sums of three of these to stay below 2^63.
constexpr std::int64_t farAway = std::int64_t{1} << 60;

// count * stride, limited to +-farAway.
std::int64_t reach(std::uint64_t count, std::int64_t stride) {
  if (count == 0 || stride == 0) return 0;
  const std::uint64_t length = stride < 0 ? -static_cast<std::uint64_t>(stride) : static_cast<std::uint64_t>(stride);
  if (count > static_cast<std::uint64_t>(farAway) / length) return stride < 0 ? -farAway : farAway;
  return static_cast<std::int64_t>(count) * stride;
}

// Throws unless every element of the strided rows lies within `length` elements.
template <class T>
void requireInside(const Rows::Source<T>& source, std::size_t cols, std::size_t length) {
  if (source.rows == 0) return;
  const std::int64_t down = reach(source.rows - 1, source.rowStride), across = reach(cols - 1, source.colStride);
  const std::int64_t first = source.offset + std::min<std::int64_t>(down, 0) + std::min<std::int64_t>(across, 0);
  const std::int64_t last = source.offset + std::max<std::int64_t>(down, 0) + std::max<std::int64_t>(across, 0);
  if (first < 0 || last >= static_cast<std::int64_t>(length))
    throw parameterError("`data` must hold every element of " + std::to_string(source.rows) + " x " + std::to_string(cols) +
                         " strided rows, got " + std::to_string(length) + " elements");
}

}  // namespace

Napi::Function RowsObject::define(Napi::Env env) {
  using R = RowsObject;
  return defineClass<RowsObject>(
      env, {getter<R, &R::rowCount>("rows"), getter<R, &R::cols>("cols"), getter<R, &R::bytes>("bytes"), getter<R, &R::missing>("missing"),
            method<R, &R::appendDense>("appendDense"), method<R, &R::appendBits>("appendBits"), method<R, &R::appendSparse>("appendSparse"),
            method<R, &R::select>("select"), method<R, &R::toFloat32>("toFloat32")});
}

RowsObject::RowsObject(const Napi::CallbackInfo& info) : memory_(info.Env()) {
  const std::size_t cols = Argument(info, 0, "cols").count(1, maxCount);
  const double most = std::numeric_limits<double>::max();
  const Argument expected(info, 3, "expected"), integers(info, 4, "integers"), missing(info, 5, "missing"), group(info, 6, "group"),
      once(info, 7, "once"), leastSum(info, 8, "leastSum"), mostSum(info, 9, "mostSum"), entries(info, 10, "entries");
  domain_ = {Argument(info, 1, "low").number(-most, most),
             Argument(info, 2, "high").number(-most, most),
             integers.given() && integers.flag(),
             missing.given() && missing.flag(),
             group.given() ? group.count(1, maxCount) : 1,
             leastSum.given() ? leastSum.number(-most, most) : -most,
             mostSum.given() ? mostSum.number(-most, most) : most};
  if (domain_.low > domain_.high) throw parameterError("`low` must not be above `high`");
  const std::uint64_t rows = expected.given() ? expected.count(0, maxSafeInteger) : 0;
  once_ = once.given() && once.flag();
  rows_ = std::make_shared<Rows>(cols, domain_, once_ ? Rows::Keep::floats : Rows::Keep::compact);
  if (entries.given())
    rows_->reserveSparse(rows, entries.count(0, maxSafeInteger));
  else
    rows_->reserve(rows);
}

Napi::Value RowsObject::rowCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(rows_->rows()));
}

Napi::Value RowsObject::cols(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), static_cast<double>(rows_->cols())); }

Napi::Value RowsObject::bytes(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), static_cast<double>(rows_->bytes())); }

Napi::Value RowsObject::missing(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), rows_->hasMissing()); }

// Jobs and trainers share ownership of the rows they read and release it only on this thread.
void RowsObject::beginAppend() {
  if (rows_.use_count() > 1) throw busyError("rows cannot grow while a job or a trainer uses them");
  if (once_) rows_->clear();
}

template <class T>
bool RowsObject::appendOf(const Argument& data, Rows::Source<T> source) {
  if (!data.holds<T>()) return false;
  const std::span<const T> values = data.view<T>();
  requireInside(source, rows_->cols(), values.size());
  source.data = values.data();
  rows_->append(source);
  return true;
}

Napi::Value RowsObject::appendDense(const Napi::CallbackInfo& info) {
  const Argument data(info, 0, "data");
  const std::int64_t offset = Argument(info, 1, "offset").integer();
  const std::uint64_t rows = Argument(info, 2, "rows").count(0, maxSafeInteger);
  const std::int64_t rowStride = Argument(info, 3, "rowStride").integer(), colStride = Argument(info, 4, "colStride").integer();
  const double most = std::numeric_limits<double>::max(), scale = Argument(info, 5, "scale").number(-most, most);
  beginAppend();
  if (!appendOf<float>(data, {nullptr, offset, rowStride, colStride, rows, scale}) &&
      !appendOf<double>(data, {nullptr, offset, rowStride, colStride, rows, scale}) &&
      !appendOf<std::uint8_t>(data, {nullptr, offset, rowStride, colStride, rows, scale}))
    data.refuse("a Float32Array, Float64Array or Uint8Array");
  memory_.set(rows_->bytes());
  return info.Env().Undefined();
}

Napi::Value RowsObject::appendBits(const Napi::CallbackInfo& info) {
  const std::uint64_t rows = Argument(info, 1, "rows").count(0, maxSafeInteger);
  const bool mostSignificantFirst = Argument(info, 2, "mostSignificantFirst").flag();
  beginAppend();
  const std::span<const std::uint8_t> data = Argument(info, 0, "data").view<std::uint8_t>();
  const std::size_t rowBytes = (rows_->cols() + 7) / 8;
  if (data.size() < checkedMultiply(rows, rowBytes))
    throw parameterError("`data` must hold " + std::to_string(rowBytes) + " bytes for each of " + std::to_string(rows) + " rows, got " +
                         std::to_string(data.size()));
  rows_->appendBits(data.data(), rows, mostSignificantFirst);
  memory_.set(rows_->bytes());
  return info.Env().Undefined();
}

Napi::Value RowsObject::appendSparse(const Napi::CallbackInfo& info) {
  const Argument values(info, 2, "values");
  const bool ones = values.isNull();
  beginAppend();
  const std::span<const std::uint32_t> indptr = Argument(info, 0, "indptr").view<std::uint32_t>();
  const std::span<const std::uint32_t> indices = Argument(info, 1, "indices").view<std::uint32_t>();
  const std::span<const float> given = ones ? std::span<const float>() : values.view<float>();
  if (!ones && given.size() != indices.size())
    throw shapeError("`values` must have one entry per index (" + std::to_string(indices.size()) + "), got " +
                     std::to_string(given.size()));
  rows_->appendSparse(indptr, indices, given);
  memory_.set(rows_->bytes());
  return info.Env().Undefined();
}

// A selection takes over the domain of its source: it holds no other values.
Napi::Value RowsObject::select(const Napi::CallbackInfo& info) {
  const RowsObject& source = unwrap<RowsObject>(Argument(info, 0, "source"));
  beginAppend();
  const std::span<const std::uint32_t> which = Argument(info, 1, "which").view<std::uint32_t>();
  *rows_ = Rows(*source.rows_, which);
  domain_ = source.domain_;
  memory_.set(rows_->bytes());
  return info.Env().Undefined();
}

Napi::Value RowsObject::toFloat32(const Napi::CallbackInfo& info) {
  const std::size_t first = Argument(info, 0, "firstRow").count(0, maxSafeInteger);
  const std::size_t count = Argument(info, 1, "rows").count(0, maxSafeInteger);
  const std::size_t cols = rows_->cols();
  if (first > rows_->rows() || count > rows_->rows() - first)
    throw parameterError("rows " + std::to_string(first) + " to " + std::to_string(first + count) + " must lie within " +
                         std::to_string(rows_->rows()));
  const ResultArray<float> result(info.Env(), checkedMultiply(count, cols));
  for (std::size_t r = 0; r < count; ++r) rows_->expand(first + r, result.values().data() + r * cols);
  return result.value();
}

}  // namespace boltzkit::binding
