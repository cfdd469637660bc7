// The CPU implementation of backend.hpp: float32, kernels per instruction set, one thread team per
// job.
#pragma once
#include "cpu/engine.hpp"
#include "host_backend.hpp"

namespace boltzkit::cpu {

class CpuBackend final : public HostBackend {
 public:
  CpuBackend(const Kernels& kernels, unsigned threads) : engine_(kernels, threads) {}

  const char* name() const override { return "cpu"; }
  Precision precision() const override { return Precision::float32; }
  void run(const std::function<void()>& job) override { engine_.withTeam(job); }

  TensorPtr tensor(std::size_t rows, std::size_t cols) override { return std::make_unique<CpuTensor>(rows, cols); }
  void upload(std::span<const float> from, Tensor& to) override;
  void upload(std::span<const double> from, Tensor& to) override;
  void download(const Tensor& from, std::span<float> to) override;
  void download(const Tensor& from, std::span<double> to) override;
  void fill(double value, Tensor& out) override;
  void axpby(double alpha, const Tensor& x, double beta, Tensor& y) override;
  DataPtr data(std::shared_ptr<const Rows> rows) override;
  void gather(const Data& from, const Batch& batch, Tensor& out) override;
  void gatherColumns(const Tensor& from, const Batch& batch, Tensor& out) override;

  void fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) override;
  bool sameRounding(const Tensor& weights, Accuracy accuracy) override;
  void updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) override;
  void fieldsAndUnits(std::span<const FieldTerm> terms, const UnitUpdate& update, Tensor& fields, Tensor* mean, Tensor* sample) override;
  void sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) override;
  void clamp(const Tensor& mask, const Tensor& values, Tensor& states) override;
  void splitMissing(Tensor& states, Tensor& present) override;
  void drawBinary(const Stream& stream, std::uint32_t firstChain, Tensor& states) override;

  void statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) override;
  void edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override;
  void unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha, double beta,
                      Tensor& out) override;

  void moments(const MomentTerm& term, bool accumulate, Doubles& out) override;

  void throughMeans(const Units& units, const Tensor& fields, const Tensor& mean, Tensor& gradient) override;
  void drop(const Stream& stream, double rate, const Tensor& from, Tensor& out) override;
  void limitColumns(double limit, Tensor& weights) override;

  void unitEnergies(const Units& units, const Tensor& states, const RowSum& sum) override;
  void cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, const RowSum& sum) override;
  void rowDots(const Tensor& a, const Tensor& b, const RowSum& sum) override;

  void requireWithin(const Tensor& parameter, std::span<const double> limits, std::ptrdiff_t index, StepOutcome& outcome) override;

 private:
  std::ptrdiff_t takeStep(const OptimiserStep& step, std::span<const ParameterSlot> slots) override;
  // `tolerance`: the largest standard deviation of errors that Accuracy::draws allows here.
  void addFields(std::span<const FieldTerm> terms, bool accumulate, double tolerance, Tensor& out);
  void addField(const FieldTerm& term, bool accumulate, double tolerance, CpuTensor& out);
  void addGraphField(const FieldTerm& term, bool accumulate, CpuTensor& out);

  Engine engine_;
  // One-thread engines for products within a thread's tile.
  std::vector<std::unique_ptr<Engine>> perThread_;
};

}  // namespace boltzkit::cpu
