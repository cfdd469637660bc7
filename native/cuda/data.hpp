// Data sets for a CUDA device: in its memory where they leave room for the rest, else in the host's,
// from where each batch is sent while the device still works on the ones before.
#pragma once
#include <array>
#include <memory>
#include <vector>

#include "backend.hpp"
#include "cuda/device.hpp"

namespace boltzkit::cuda {

struct CudaOrder final : Order {
  // The host keeps them too, for data that stay there.
  CudaOrder(Device& device, std::vector<std::uint32_t> from) : numbers(std::move(from)), rows(device, numbers) {}
  std::vector<std::uint32_t> numbers;
  DeviceArray<std::uint32_t> rows;
};

class CudaData : public Data {
 public:
  explicit CudaData(const Rows& rows);
  std::size_t rows() const override { return rows_; }
  std::size_t cols() const override { return cols_; }
  // Whether bf16 has all values exactly.
  bool isShort() const { return isShort_; }
  // `out` has batch.count rows.
  virtual void gather(Device& device, const Batch& batch, float* out) const = 0;

 private:
  std::size_t rows_, cols_;
  bool isShort_;
};

// Chooses where rows stay: on the device if they take at most half of its free memory.
std::unique_ptr<CudaData> makeData(Device& device, std::shared_ptr<const Rows> rows);

}  // namespace boltzkit::cuda
