#include "cuda/data.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cuda/tensors.hpp"

namespace boltzkit::cuda {
namespace {

constexpr std::size_t tableSize = 256;  // of codes

// Arrays of one format, as kernels read them.
struct Arrays {
  const std::uint8_t* codes = nullptr;
  const std::uint64_t* offsets = nullptr;
  const std::uint32_t* indices = nullptr;
  const float* values = nullptr;  // of codes their table
};

void gatherFrom(Device& device, RowsFormat format, const Arrays& from, RowNumbers rows, std::size_t count, std::size_t cols, float* out) {
  const std::size_t n = count * cols;
  if (format == RowsFormat::codes) {
    device.launch(n, GatherCodes{n, cols, rows, from.codes, from.values, out});
  } else if (format == RowsFormat::floats) {
    device.launch(n, GatherFloats{n, cols, rows, from.values, out});
  } else {
    device.launch(n, Fill{n, 0, out});
    device.launch(count, GatherSparse{count, cols, rows, from.offsets, from.indices, from.values, out});
  }
}

// Bytes of all rows.
std::size_t bytesOf(const Rows& rows) {
  const std::size_t places = rows.rows() * rows.cols();
  if (rows.format() == RowsFormat::codes) return places + tableSize * sizeof(float);
  if (rows.format() == RowsFormat::floats) return places * sizeof(float);
  return (rows.rows() + 1) * sizeof(std::uint64_t) + rows.offsets()[rows.rows()] * (sizeof(std::uint32_t) + sizeof(float));
}

class ResidentData final : public CudaData {
 public:
  ResidentData(Device& device, const Rows& from) : CudaData(from), format_(from.format()) {
    const std::size_t places = rows() * cols();
    if (format_ == RowsFormat::codes) {
      codes_ = {device, from.codes(), places};
      values_ = {device, from.table(), tableSize};
    } else if (format_ == RowsFormat::floats) {
      values_ = {device, from.floats(), places};
    } else {
      const std::size_t entries = from.offsets()[rows()];
      offsets_ = {device, from.offsets(), rows() + 1};
      indices_ = {device, from.indices(), entries};
      values_ = {device, from.values(), entries};
    }
  }

  void gather(Device& device, const Batch& batch, float* out) const override {
    const RowNumbers numbers{static_cast<const CudaOrder&>(*batch.order).rows.data() + batch.first};
    gatherFrom(device, format_, {codes_.data(), offsets_.data(), indices_.data(), values_.data()}, numbers, batch.count, cols(), out);
  }

 private:
  RowsFormat format_;
  DeviceArray<std::uint8_t> codes_;
  DeviceArray<float> values_;
  DeviceArray<std::uint64_t> offsets_;
  DeviceArray<std::uint32_t> indices_;
};

// Two stages in turn: the host fills one while the device copies from the other.
class StreamedData final : public CudaData {
 public:
  StreamedData(Device& device, std::shared_ptr<const Rows> from) : CudaData(*from), from_(std::move(from)) {
    if (from_->format() == RowsFormat::codes) table_ = {device, from_->table(), tableSize};
  }

  void gather(Device& device, const Batch& batch, float* out) const override {
    const std::uint32_t* numbers = static_cast<const CudaOrder&>(*batch.order).numbers.data() + batch.first;
    const std::span<const std::uint32_t> rows(numbers, batch.count);
    turn_ = 1 - turn_;
    const std::size_t bytes = batchBytes(rows);
    Staged& staged = stages_[turn_];
    if (staged.bytes < bytes) {
      staged = {nullptr, bytes};
      staged.stage = std::make_unique<Stage>(device, bytes);
    }
    pack(rows, staged.stage->fill());
    const Arrays arrays = arraysAt(staged.stage->send(bytes), rows);
    gatherFrom(device, from_->format(), arrays, RowNumbers{nullptr}, batch.count, cols(), out);
  }

 private:
  struct Staged {
    std::unique_ptr<Stage> stage;
    std::size_t bytes = 0;
  };

  std::size_t entriesOf(std::span<const std::uint32_t> rows) const {
    std::size_t entries = 0;
    for (const std::uint32_t row : rows) entries += from_->offsets()[row + std::size_t{1}] - from_->offsets()[row];
    return entries;
  }
  std::size_t batchBytes(std::span<const std::uint32_t> rows) const {
    if (from_->format() == RowsFormat::codes) return rows.size() * cols();
    if (from_->format() == RowsFormat::floats) return rows.size() * cols() * sizeof(float);
    return (rows.size() + 1) * sizeof(std::uint64_t) + entriesOf(rows) * (sizeof(std::uint32_t) + sizeof(float));
  }

  // The rows one after the other; of sparse ones their offsets, then indices, then values.
  void pack(std::span<const std::uint32_t> rows, std::byte* to) const {
    const auto put = [&](const auto* from, std::size_t count) {
      std::memcpy(to, from, count * sizeof *from);
      to += count * sizeof *from;
    };
    if (from_->format() == RowsFormat::codes) {
      for (const std::uint32_t row : rows) put(from_->codes() + row * cols(), cols());
      return;
    }
    if (from_->format() == RowsFormat::floats) {
      for (const std::uint32_t row : rows) put(from_->floats() + row * cols(), cols());
      return;
    }
    const std::uint64_t* offsets = from_->offsets();
    std::uint64_t entries = 0;
    put(&entries, 1);
    for (const std::uint32_t row : rows) {
      entries += offsets[row + std::size_t{1}] - offsets[row];
      put(&entries, 1);
    }
    for (const std::uint32_t row : rows) put(from_->indices() + offsets[row], offsets[row + std::size_t{1}] - offsets[row]);
    for (const std::uint32_t row : rows) put(from_->values() + offsets[row], offsets[row + std::size_t{1}] - offsets[row]);
  }

  Arrays arraysAt(const std::byte* memory, std::span<const std::uint32_t> rows) const {
    if (from_->format() == RowsFormat::codes) return {.codes = reinterpret_cast<const std::uint8_t*>(memory), .values = table_.data()};
    if (from_->format() == RowsFormat::floats) return {.values = reinterpret_cast<const float*>(memory)};
    const std::byte* indices = memory + (rows.size() + 1) * sizeof(std::uint64_t);
    return {.offsets = reinterpret_cast<const std::uint64_t*>(memory),
            .indices = reinterpret_cast<const std::uint32_t*>(indices),
            .values = reinterpret_cast<const float*>(indices + entriesOf(rows) * sizeof(std::uint32_t))};
  }

  std::shared_ptr<const Rows> from_;
  DeviceArray<float> table_;
  mutable std::array<Staged, 2> stages_;
  mutable std::size_t turn_ = 0;
};

}  // namespace

CudaData::CudaData(const Rows& rows)
    : rows_(rows.rows()), cols_(rows.cols()), isShort_(rows.all([](float value) { return cuda::isShort(value); })) {}

std::unique_ptr<CudaData> makeData(Device& device, std::shared_ptr<const Rows> rows) {
  if (bytesOf(*rows) <= device.freeMemory() / 2) return std::make_unique<ResidentData>(device, *rows);
  return std::make_unique<StreamedData>(device, std::move(rows));
}

}  // namespace boltzkit::cuda
