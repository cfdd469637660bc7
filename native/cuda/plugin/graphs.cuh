// Kernels that come again in the same order, as the updates of a training do. From the second time on
// they are one graph of CUDA, which the host launches in one call and in which kernel follows kernel
// without the gaps between launches. Only what changed among their arguments goes into the graph.
#pragma once
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "cuda/plugin/kernel_table.cuh"

namespace boltzkit::cuda {

using Launches = std::span<const BoltzkitCudaLaunch>;

// One order of kernels.
class KernelGraph {
 public:
  explicit KernelGraph(Launches launches) {
    try {
      build(launches);
    } catch (...) {
      destroy();
      throw;
    }
  }
  ~KernelGraph() { destroy(); }
  KernelGraph(const KernelGraph&) = delete;
  KernelGraph& operator=(const KernelGraph&) = delete;

  // `launches` has the kernels and the amounts of work that the graph was built from. What was
  // launched before keeps its arguments.
  void play(Launches launches, cudaStream_t stream) {
    for (std::size_t i = 0; i < launches.size(); ++i) {
      std::vector<std::byte>& known = arguments_[i];
      if (std::memcmp(known.data(), launches[i].call, known.size()) == 0) continue;
      void* pointer = nullptr;
      const cudaKernelNodeParams parameters = parametersOf(launches[i], pointer);
      require(cudaGraphExecKernelNodeSetParams(exec_, nodes_[i], &parameters), "a graph could not be changed");
      std::memcpy(known.data(), launches[i].call, known.size());
    }
    require(cudaGraphLaunch(exec_, stream), "a graph could not start");
  }

 private:
  // `pointer` has to live as long as the parameters.
  static cudaKernelNodeParams parametersOf(const BoltzkitCudaLaunch& launch, void*& pointer) {
    const Shape shape = shapeOf(launch);
    pointer = const_cast<void*>(launch.call);
    cudaKernelNodeParams parameters{};
    parameters.func = const_cast<void*>(kernelOf(launch.number).function);
    parameters.gridDim = dim3(shape.blocks);
    parameters.blockDim = dim3(shape.threads);
    parameters.kernelParams = &pointer;
    return parameters;
  }

  void build(Launches launches) {
    require(cudaGraphCreate(&graph_, 0), "a graph could not be made");
    for (const BoltzkitCudaLaunch& launch : launches) {
      const auto* bytes = static_cast<const std::byte*>(launch.call);
      arguments_.emplace_back(bytes, bytes + kernelOf(launch.number).size);
      void* pointer = nullptr;
      const cudaKernelNodeParams parameters = parametersOf(launch, pointer);
      cudaGraphNode_t node = nullptr;
      require(cudaGraphAddKernelNode(&node, graph_, nodes_.empty() ? nullptr : &nodes_.back(), nodes_.empty() ? 0 : 1, &parameters),
              "a graph could not be made");
      nodes_.push_back(node);
    }
    require(cudaGraphInstantiate(&exec_, graph_, 0), "a graph could not be made");
  }

  void destroy() {
    if (exec_) cudaGraphExecDestroy(exec_);
    if (graph_) cudaGraphDestroy(graph_);
  }

  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t exec_ = nullptr;
  std::vector<cudaGraphNode_t> nodes_;
  std::vector<std::vector<std::byte>> arguments_;  // as the graph has them
};

// The graphs of a stream. Any thread may play.
class KernelGraphs {
 public:
  void play(Launches launches, cudaStream_t stream) {
    if (launches.size() < fewest) return startEach(launches, stream);
    const std::lock_guard lock(guard_);
    std::vector<std::uint64_t> order;
    for (const BoltzkitCudaLaunch& launch : launches) order.push_back(std::uint64_t{launch.number} << 32 | shapeOf(launch).blocks);
    const auto known = graphs_.find(order);
    if (known == graphs_.end()) {
      if (graphs_.size() == most) forget(stream);
      graphs_.emplace(std::move(order), nullptr);
      return startEach(launches, stream);  // many orders come only once
    }
    if (!known->second) known->second = std::make_unique<KernelGraph>(launches);
    known->second->play(launches, stream);
  }

 private:
  static constexpr std::size_t fewest = 4, most = 32;

  static void startEach(Launches launches, cudaStream_t stream) {
    for (const BoltzkitCudaLaunch& launch : launches) start(launch, stream);
  }

  void forget(cudaStream_t stream) {
    require(cudaStreamSynchronize(stream), "work on the device failed");
    graphs_.clear();
  }

  std::mutex guard_;
  // By kernels and blocks of threads; null: seen once.
  std::map<std::vector<std::uint64_t>, std::unique_ptr<KernelGraph>> graphs_;
};

}  // namespace boltzkit::cuda
