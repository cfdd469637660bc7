// The emulated device finds what it is there to find, and the CUDA backend depends on no order of
// threads and survives every failing call.
#include "test/device/cuda_emulation.hpp"
// After the emulation.
#include "cuda/runtime.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

using cuda::DeviceArray;
using cuda::Runtime;
namespace emulation = cuda::emulation;

// --- kernels with mistakes ---------------------------------------------------------------------------

__global__ void someWait(int* out) {
  if (threadIdx.x < 2) __syncthreads();
  *out = 1;
}

__global__ void twoBarriers() {
  if (threadIdx.x < 2)
    __syncthreads();
  else
    __syncthreads();
}

__global__ void readsUnwritten(double* out) {
  BOLTZKIT_SHARED(double, values, 4);
  if (threadIdx.x == 0) values[1] = 1;
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x];
}

__global__ void readsBeyond(double* out) {
  BOLTZKIT_SHARED(double, values, 2);
  values[threadIdx.x] = 1;
  out[threadIdx.x] = values[threadIdx.x];
}

__global__ void lastWins(unsigned* out) { *out = threadIdx.x; }

__global__ void sumsOfBlocks(const double* values, double* out) {
  const double sum = cuda::blockSum(values[blockIdx.x * blockDim.x + threadIdx.x]);
  if (threadIdx.x == 0) out[blockIdx.x] = sum;
}

std::string failureOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "none";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the emulated device names the line of what a GPU would not tell") {
  Runtime runtime(0);
  const DeviceArray<double> out(runtime, 4);
  const DeviceArray<int> one(runtime, 1);
  const std::string some = failureOf([&] { runtime.blocks({1, 4}, someWait, one.data()); });
  CHECK(contains(some, "cuda_test.cpp:"));
  CHECK(contains(some, "some threads of the block wait here, and others have ended"));
  CHECK(contains(failureOf([&] { runtime.blocks({1, 4}, twoBarriers); }), "some threads of the block wait here, and others at line"));
  CHECK(contains(failureOf([&] { runtime.blocks({1, 4}, readsUnwritten, out.data()); }), "was read and not written"));
  CHECK(contains(failureOf([&] { runtime.blocks({1, 4}, readsBeyond, out.data()); }), "of 2"));
  CHECK(contains(failureOf([&] { runtime.each(4, twoBarriers); }), "a barrier in a kernel whose threads do not wait for each other"));
}

TEST_CASE("the emulated device runs threads in an order that differs, and blocks add up alike in any") {
  Runtime runtime(0);
  const DeviceArray<unsigned> last(runtime, 1);
  std::vector<bool> seen(8);
  for (int i = 0; i < 200; ++i) {
    runtime.blocks({1, 8}, lastWins, last.data());
    unsigned thread = 0;
    runtime.copyOut(last.data(), sizeof thread, &thread);
    seen[thread] = true;
  }
  CHECK(seen == std::vector<bool>(8, true));

  const Values values = randomValues(3 * 64, 5, Kind::signedReal);
  const DeviceArray<double> in(runtime, std::span<const double>(values)), out(runtime, 3);
  Values first(3);
  for (int i = 0; i < 5; ++i) {
    runtime.blocks({3, 64}, sumsOfBlocks, in.data(), out.data());
    Values sums(3);
    runtime.copyOut(out.data(), 3 * sizeof(double), sums.data());
    if (i == 0) first = sums;
    CHECK(sums == first);
    for (std::size_t b = 0; b < 3; ++b) {
      double sum = 0;
      for (std::size_t t = 0; t < 64; ++t) sum += values[64 * b + t];
      CHECK(sums[b] == doctest::Approx(sum).epsilon(1e-12));
    }
  }
}

namespace {

// A little of everything that allocates, copies and starts kernels.
Values someWork(Backend& backend) {
  const Graph graph(4, 1, {{0, 1}, {1, 2}, {2, 3}});
  const TensorPtr states = backend.tensor(5, 4), weights = backend.tensor(4, 4), fields = backend.tensor(5, 4),
                  along = backend.tensor(1, 3), bias = backend.tensor(1, 4), steps = backend.tensor(4, 4), velocity = backend.tensor(4, 4);
  backend.upload(std::span<const double>(randomValues(20, 1, Kind::binary, 0.5)), *states);
  backend.upload(std::span<const double>(randomValues(16, 2, Kind::signedReal)), *weights);
  backend.upload(std::span<const double>(randomValues(3, 3, Kind::signedReal)), *along);
  const Values betas{1, 0.5, 1, 2, 1};
  const FieldTerm terms[] = {{states.get(), weights.get()}, {states.get(), along.get(), false, 1, &graph}};
  backend.fields(terms, false, *fields);
  const UnitUpdate update{.units = {UnitType::bernoulli, bias.get()}, .stream = {7, Purpose::negative, 0, 3}, .betas = betas};
  backend.updateUnits(update, *fields, nullptr, states.get());
  backend.sweepLateral(update, {.weights = along.get(), .graph = &graph, .fields = fields.get(), .sweeps = 2}, *states);
  backend.statistics(*states, *states, nullptr, 0.1, 0, *steps);
  const StepOutcomePtr outcome = backend.stepOutcome();
  const ParameterSlot slots[] = {{weights.get(), steps.get(), velocity.get(), nullptr}};
  backend.optimise({.learningRate = 0.1}, slots, *outcome);
  const Values limits{9, 9, 9, 9};
  backend.requireWithin(*weights, limits, 3, *outcome);
  const Verdict verdict = backend.read(*outcome);
  CHECK(verdict.refused == -1);
  Values all = valuesOf(backend, *weights);
  for (const double x : valuesOf(backend, *states)) all.push_back(x);
  for (const double x : reduced(backend, 5, [&](const RowSum& sum) { backend.rowDots(*states, *fields, sum); })) all.push_back(x);
  return all;
}

}  // namespace

TEST_CASE("the order of threads is no part of what the CUDA backend computes") {
  Values first;
  for (const std::uint64_t seed : {1u, 2u, 77u}) {
    emulation::state.seed = seed;
    const std::unique_ptr<Backend> backend = cuda::makeCudaBackend(0);
    const Values all = someWork(*backend);
    if (first.empty()) first = all;
    CHECK(all == first);
  }
}

TEST_CASE("whichever call of the runtime fails, the CUDA backend says so and keeps no memory") {
  const std::size_t before = emulation::state.allocated;
  long calls = 0;
  for (;; ++calls) {
    emulation::state.failAfter = calls;
    const std::string failure = failureOf([] { someWork(*cuda::makeCudaBackend(1)); });
    const bool reached = emulation::state.failAfter < 0;
    emulation::state.failAfter = -1;
    CHECK(emulation::state.allocated == before);
    if (!reached) break;
    if (failure == "none") continue;  // where memory is released: nobody can be told there
    CHECK(failure.starts_with("CUDA: "));
  }
  CHECK(calls > 50);
}

TEST_CASE("a device that is not there is refused, and one without room says how much it needs") {
  CHECK(failureOf([] { cuda::makeCudaBackend(7); }) == "CUDA: device 7 does not exist: there are 2");
  CHECK(failureOf([] { cuda::makeCudaBackend(-1); }) == "CUDA: device -1 does not exist: there are 2");
  Runtime runtime(0);
  emulation::state.failAfter = 0;
  const std::string full = failureOf([&] { runtime.allocate(std::size_t{3} << 20); });
  emulation::state.failAfter = -1;
  CHECK(full == "CUDA: the device has no room: needs 3 MiB, 1 MiB of 1024 MiB are free");
}

}  // namespace boltzkit::test
