// What lies in the memory of a CUDA device, behind the types of backend.hpp.
#pragma once
#include <bit>
#include <cstdint>
#include <vector>

#include "backend.hpp"
#include "cuda/device.hpp"

namespace boltzkit::cuda {

// Whether bf16 has exactly this number; NaN counts, since it stays what it is.
inline bool isShort(float value) { return value != value || (std::bit_cast<std::uint32_t>(value) & 0xffffu) == 0; }

struct CudaTensor final : Tensor {
  CudaTensor(Device& device, std::size_t rows, std::size_t cols) : Tensor(rows, cols), values(device, rows * cols) {}
  DeviceArray<float> values;
  // So many rows are known to have values that bf16 has exactly, as it has states. Whoever may write
  // takes that back.
  std::size_t shortRows = capacity();
};

inline bool isShort(const Tensor& t) { return t.rows() <= static_cast<const CudaTensor&>(t).shortRows; }
inline void setShort(Tensor& t, bool isShort) { static_cast<CudaTensor&>(t).shortRows = isShort ? t.rows() : 0; }
inline float* valuesOf(Tensor& t) {
  setShort(t, false);
  return static_cast<CudaTensor&>(t).values.data();
}
inline const float* valuesOf(const Tensor& t) { return static_cast<const CudaTensor&>(t).values.data(); }
inline const float* valuesOf(const Tensor* t) { return t ? valuesOf(*t) : nullptr; }
inline float* valuesOf(Tensor* t) { return t ? valuesOf(*t) : nullptr; }
inline std::size_t sizeOf(const Tensor& t) { return t.rows() * t.cols(); }

struct CudaDoubles final : Doubles {
  CudaDoubles(Device& device, std::size_t n) : Doubles(n), values(device, n) {}
  DeviceArray<double> values;
};

inline double* numbersOf(Doubles& d) { return static_cast<CudaDoubles&>(d).values.data(); }
inline const double* numbersOf(const Doubles& d) { return static_cast<const CudaDoubles&>(d).values.data(); }

struct CudaOutcome final : StepOutcome {
  explicit CudaOutcome(Device& device) : state(device, 1) { device.launch(1, Reset{state.data()}); }
  DeviceArray<OutcomeState> state;
};

inline OutcomeState* stateOf(StepOutcome& o) { return static_cast<CudaOutcome&>(o).state.data(); }
inline const OutcomeState* stateOf(const StepOutcome& o) { return static_cast<const CudaOutcome&>(o).state.data(); }

class CudaGraph {
 public:
  CudaGraph(Device& device, const Graph& graph) : size_(graph.size()), edges_(device, endsOf(graph)), order_(device, graph.order()) {
    std::vector<std::uint64_t> begins{0};
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < graph.units(); ++i) {
      for (const Graph::Neighbour* n = graph.begin(i); n != graph.end(i); ++n)
        all.insert(all.end(), {n->unit, n->edge, n->first ? 1u : 0u});
      begins.push_back(all.size() / 3);
    }
    starts_ = {device, begins};
    neighbours_ = {device, all};
  }
  GraphView view() const { return {size_, edges_.data(), starts_.data(), neighbours_.data(), order_.data()}; }

 private:
  static std::vector<std::uint32_t> endsOf(const Graph& graph) {
    std::vector<std::uint32_t> ends;
    for (const auto& [i, j] : graph.edges()) ends.insert(ends.end(), {i, j});
    return ends;
  }

  std::uint32_t size_;
  DeviceArray<std::uint32_t> edges_, order_, neighbours_;
  DeviceArray<std::uint64_t> starts_;
};

}  // namespace boltzkit::cuda
