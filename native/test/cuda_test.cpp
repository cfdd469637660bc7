// The emulated device finds what it is there to find, and the CUDA backend depends on no order of
// threads and survives every failing call.
#include "test/device/cuda_emulation.hpp"
// After the emulation.
#include <sys/wait.h>
#include <unistd.h>

#include "cuda/device.hpp"
#include "cuda/plugin/threads.cuh"
#include "fixtures.hpp"
#include "learning/contrastive_update.hpp"
#include "learning/trainer.hpp"
#include "training.hpp"

namespace boltzkit::test {
namespace {

using cuda::Device;
using cuda::DeviceArray;
namespace emulation = cuda::emulation;

const BoltzkitCuda& plugin() { return *boltzkit_cuda(); }

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
  double out[4];
  int one;
  const std::string some = failureOf([&] { emulation::launch(1, 4, true, [&] { someWait(&one); }); });
  CHECK(contains(some, "cuda_test.cpp:"));
  CHECK(contains(some, "some threads of the block wait here, and others have ended"));
  CHECK(
      contains(failureOf([&] { emulation::launch(1, 4, true, twoBarriers); }), "some threads of the block wait here, and others at line"));
  CHECK(contains(failureOf([&] { emulation::launch(1, 4, true, [&] { readsUnwritten(out); }); }), "was read and not written"));
  CHECK(contains(failureOf([&] { emulation::launch(1, 4, true, [&] { readsBeyond(out); }); }), "of 2"));
  CHECK(contains(failureOf([&] { emulation::launch(1, 4, false, twoBarriers); }),
                 "a barrier in a kernel whose threads do not wait for each other"));
}

TEST_CASE("the emulated device runs threads in an order that differs, and blocks add up alike in any") {
  std::vector<bool> seen(8);
  for (int i = 0; i < 200; ++i) {
    unsigned thread = 0;
    emulation::launch(1, 8, true, [&] { lastWins(&thread); });
    seen[thread] = true;
  }
  CHECK(seen == std::vector<bool>(8, true));

  const Values values = randomValues(3 * 64, 5, Kind::signedReal);
  Values first(3);
  for (int i = 0; i < 5; ++i) {
    Values sums(3);
    emulation::launch(3, 64, true, [&] { sumsOfBlocks(values.data(), sums.data()); });
    if (i == 0) first = sums;
    CHECK(sums == first);
    for (std::size_t b = 0; b < 3; ++b) {
      double sum = 0;
      for (std::size_t t = 0; t < 64; ++t) sum += values[64 * b + t];
      CHECK(sums[b] == doctest::Approx(sum).epsilon(1e-12));
    }
  }
}

TEST_CASE("the emulated device does what it was asked for as late as CUDA allows") {
  cudaStream_t first = nullptr, second = nullptr;
  cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking);
  cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking);
  cudaEvent_t event = nullptr;
  cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
  void* memory = nullptr;
  cudaMallocHost(&memory, 2 * sizeof(int));
  int *const from = static_cast<int*>(memory), *const to = from + 1;
  int middle = *to = 0;
  *from = 1;
  cudaMemcpyAsync(&middle, from, sizeof middle, cudaMemcpyHostToDevice, first);
  *from = 2;  // too early: the copy comes later
  cudaEventRecord(event, first);
  cudaStreamWaitEvent(second, event, 0);
  cudaMemcpyAsync(to, &middle, sizeof middle, cudaMemcpyDeviceToHost, second);
  CHECK(*to == 0);
  cudaStreamSynchronize(second);
  CHECK(*to == 2);
  cudaFreeHost(memory);
  cudaEventDestroy(event);
  cudaStreamDestroy(second);
  cudaStreamDestroy(first);
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
  for (int i = 0; i < 3; ++i)
    backend.together([&] {
      backend.statistics(*states, *states, nullptr, 0.1 * i, 0, *steps);
      backend.optimise({.learningRate = 0.1}, slots, *outcome);
    });
  const Verdict verdict = backend.read(*outcome);
  CHECK(verdict.refused == -1);
  CHECK(verdict.accepted == 4);
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
    const std::unique_ptr<Backend> backend = cuda::makeCudaBackend(plugin(), 0);
    const Values all = someWork(*backend);
    if (first.empty()) first = all;
    CHECK(all == first);
  }
}

TEST_CASE("whichever call of the runtime fails, the CUDA backend says so and keeps no memory") {
  const std::size_t before = emulation::allocated;
  long calls = 0;
  for (;; ++calls) {
    emulation::state.failAfter = calls;
    const std::string failure = failureOf([] { someWork(*cuda::makeCudaBackend(plugin(), 1)); });
    const bool reached = emulation::state.failAfter < 0;
    emulation::state.failAfter = -1;
    CHECK(emulation::allocated == before);
    if (!reached) break;
    if (failure == "none") continue;  // where memory is released: nobody can be told there
    CHECK(failure.starts_with("CUDA: "));
  }
  CHECK(calls > 50);
}

namespace {

// What the driver is like until the end of a block.
struct DriverLike {
  explicit DriverLike(emulation::Driver like) { emulation::driver = like; }
  ~DriverLike() { emulation::driver = {}; }
};

BackendReason reasonOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const BackendError& error) {
    return error.reason();
  }
  FAIL("nothing was refused");
  return {};
}

}  // namespace

TEST_CASE("a device that is not there is refused, and one without room says how much it needs") {
  CHECK(failureOf([] { Device(plugin(), 7); }) == "CUDA: device 7 does not exist: there are 2, from number 0 on");
  CHECK(failureOf([] { Device(plugin(), -1); }) == "CUDA: device -1 does not exist: there are 2, from number 0 on");
  CHECK(reasonOf([] { Device(plugin(), 2); }) == BackendReason::noDevice);
  Device device(plugin(), 0);
  const auto allocate = [&] {
    const DriverLike full({.free = std::size_t{1} << 20});
    emulation::state.failAfter = 0;
    device.allocate(std::size_t{3} << 20);
  };
  CHECK(failureOf(allocate) == "CUDA: the device has no room: needs 3 MiB, 1 MiB of 1024 MiB are free");
  CHECK(reasonOf(allocate) == BackendReason::outOfMemory);
  emulation::state.failAfter = -1;
}

TEST_CASE("what is wrong with a driver or a device has a name") {
  const auto refusal = [](emulation::Driver like) {
    const DriverLike driver(like);
    const BackendReason reason = reasonOf([] { cuda::devicesOf(plugin()); });
    CHECK(reasonOf([] { Device(plugin(), 0); }) == reason);
    return reason;
  };
  CHECK(refusal({.devices = cudaErrorInsufficientDriver, .version = 0}) == BackendReason::driverMissing);
  CHECK(refusal({.devices = cudaErrorInsufficientDriver, .version = 11000}) == BackendReason::driverTooOld);
  CHECK(refusal({.devices = cudaErrorNoDevice}) == BackendReason::noDevice);
  CHECK(refusal({.count = 0}) == BackendReason::noDevice);
  CHECK(refusal({.kernels = cudaErrorNoKernelImageForDevice}) == BackendReason::archUnsupported);
  CHECK(refusal({.devices = cudaErrorLaunchFailure}) == BackendReason::deviceFailed);

  const std::vector<cuda::DeviceInfo> devices = cuda::devicesOf(plugin());
  REQUIRE(devices.size() == 2);
  CHECK(devices[1].name == "an emulated device");
  CHECK(devices[1].arch == "sm_00");
  CHECK(devices[1].memory == std::size_t{1} << 30);
}

TEST_CASE("a process that forked has to leave the device to the one before") {
  Device device(plugin(), 0);
  const pid_t forked = fork();
  if (forked == 0) _exit(contains(failureOf([&] { device.allocate(8); }), "the process forked after it began to use the device") ? 0 : 1);
  int status = 0;
  REQUIRE(waitpid(forked, &status, 0) == forked);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a plug-in of another version is refused, whatever differs") {
  const auto refusal = [](auto&& change) {
    BoltzkitCuda table = plugin();
    change(table);
    return failureOf([&] { cuda::requireSameInterface(table, "a.so"); });
  };
  CHECK(refusal([](BoltzkitCuda&) {}) == "none");
  CHECK(contains(refusal([](BoltzkitCuda& table) { ++table.abi; }),
                 "a.so belongs to another version of boltzkit (its interface is 3, this one's 2)"));
  CHECK(contains(refusal([](BoltzkitCuda& table) { ++table.calls; }), "with other calls"));
  CHECK(contains(refusal([](BoltzkitCuda& table) { ++table.layout; }), "with other calls"));
}

namespace {

// y = 2 y + k, five times over, with other numbers k each round.
Values rounds(Device& device, bool together, int count) {
  DeviceArray<float> x(device, 3), y(device, 3);
  for (int round = 0; round < count; ++round) {
    const auto work = [&] {
      device.launch(3, cuda::Fill{3, static_cast<float>(round), x.data()});
      for (int i = 0; i < 5; ++i) device.launch(3, cuda::Axpby{3, 1.0 + i, x.data(), 2, y.data()});
    };
    together ? device.together(work) : work();
  }
  std::vector<float> out(3);
  device.copyOut(y.data(), 3 * sizeof(float), out.data());
  return Values(out.begin(), out.end());
}

}  // namespace

TEST_CASE("kernels that come again are one graph from the second time on, with what they are given") {
  Device device(plugin(), 0);
  const Values alone = rounds(device, false, 7);
  const std::size_t before = emulation::graphsLaunched;
  CHECK(rounds(device, true, 7) == alone);
  CHECK(emulation::graphsLaunched == before + 6);
}

TEST_CASE("whatever else is asked of a device comes after the kernels that were gathered") {
  Device device(plugin(), 0);
  DeviceArray<float> x(device, 3);
  std::vector<float> seen(3), given{4, 5, 6};
  for (int round = 0; round < 3; ++round)
    device.together([&] {
      for (int i = 0; i <= round; ++i) device.launch(3, cuda::Fill{3, static_cast<float>(10 * round + i), x.data()});
      device.copyOut(x.data(), 12, seen.data());
      CHECK(seen[1] == static_cast<float>(11 * round));
      {
        const DeviceArray<float> gone(device, 3);
        device.launch(3, cuda::Axpby{3, 1, x.data(), 0, gone.data()});
        device.launch(3, cuda::Axpby{3, 1, gone.data(), 1, x.data()});
      }
      device.copyIn(given.data(), 12, x.data());
    });
  device.copyOut(x.data(), 12, seen.data());
  CHECK(seen == given);
}

TEST_CASE("kernels that were gathered before an error start all the same") {
  Device device(plugin(), 0);
  DeviceArray<float> x(device, 2);
  CHECK(failureOf([&] {
          device.together([&] {
            device.launch(2, cuda::Fill{2, 3, x.data()});
            throw std::runtime_error("no more");
          });
        }) == "no more");
  std::vector<float> seen(2);
  device.copyOut(x.data(), 8, seen.data());
  CHECK(seen == std::vector<float>{3, 3});
}

TEST_CASE("an update of a training is one graph") {
  const auto data = std::make_shared<Rows>(6, Domain{});
  const Values values = randomValues(12 * 6, 1, Kind::binary, 0.5);
  data->append(Rows::Source<double>{values.data(), 0, 6, 1, 12});
  for (const Algorithm algorithm : {Algorithm::cd, Algorithm::pcd, Algorithm::fpcd, Algorithm::meanField})
    for (const bool standardised : {false, true}) {
      CAPTURE(static_cast<int>(algorithm));
      Machine machine(cuda::makeCudaBackend(plugin(), 0), Wiring({{"v", UnitType::bernoulli, 6}, {"h", UnitType::bernoulli, 4}}, {{0, 1}}),
                      3, 0.5);
      TrainerOptions o = options(algorithm);
      o.standardised = standardised;
      Trainer trainer(contrastiveUpdate(machine, o, {{0, data}}, {}, {}), o, nullptr, false);
      const Cancelled running{false};
      trainer.run(31, running, nullptr, nullptr);
      const std::size_t before = emulation::graphsLaunched;
      trainer.run(46, running, nullptr, nullptr);
      CHECK(emulation::graphsLaunched >= before + 15);
      CHECK(emulation::graphsLaunched <= before + 16);  // the host asks for outcomes in one of them
    }
}

namespace {

// 20 rows of 6 columns.
std::shared_ptr<const Rows> rowsOfFormat(RowsFormat format) {
  const auto rows = std::make_shared<Rows>(6, Domain{-9, 9}, format == RowsFormat::floats ? Rows::Keep::floats : Rows::Keep::compact);
  if (format == RowsFormat::sparse) {
    std::vector<std::uint32_t> offsets{0}, indices;
    std::vector<float> values;
    for (std::uint32_t r = 0; r < 20; ++r) {
      for (std::uint32_t c = r % 4; c < 6; c += 1 + r % 3)
        indices.push_back(c), values.push_back(static_cast<float>(r) / 4 - static_cast<float>(c));
      offsets.push_back(static_cast<std::uint32_t>(indices.size()));
    }
    rows->appendSparse(offsets, indices, values);
  } else {
    const Values values = randomValues(20 * 6, 3, format == RowsFormat::codes ? Kind::binary : Kind::signedReal, 0.5);
    rows->append(Rows::Source<double>{values.data(), 0, 6, 1, 20});
  }
  REQUIRE(rows->format() == format);
  return rows;
}

}  // namespace

TEST_CASE("rows beyond those that were written last keep what they had") {
  const std::unique_ptr<Backend> backend = cuda::makeCudaBackend(plugin(), 0);
  const TensorPtr states = backend->tensor(4, 3), weights = backend->tensor(3, 2), out = backend->tensor(4, 2);
  const Values fractions = randomValues(12, 1, Kind::signedReal), w = randomValues(6, 2, Kind::signedReal);
  backend->upload(std::span<const double>(fractions), *states);
  backend->upload(std::span<const double>(w), *weights);
  states->setRows(1);
  backend->fill(1, *states);  // bf16 has these exactly, and not the rows after them
  states->setRows(4);
  const FieldTerm term{states.get(), weights.get()};
  backend->fields(std::span(&term, 1), false, *out);
  const Values fields = valuesOf(*backend, *out);
  for (std::size_t r = 1; r < 4; ++r) {
    double field = 0;
    for (std::size_t k = 0; k < 3; ++k) field += fractions[3 * r + k] * w[2 * k];
    CHECK(fields[2 * r] == doctest::Approx(field).epsilon(1e-5));
  }
}

TEST_CASE("data that leave no room on the device stay with the host, and give the same batches") {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < 60; ++i) order.push_back(i * 7 % 20);
  for (const RowsFormat format : {RowsFormat::codes, RowsFormat::floats, RowsFormat::sparse}) {
    CAPTURE(static_cast<int>(format));
    const std::shared_ptr<const Rows> rows = rowsOfFormat(format);
    const auto gathered = [&](std::size_t free) {
      const DriverLike driver({.free = free});
      const std::unique_ptr<Backend> backend = cuda::makeCudaBackend(plugin(), 0);
      const DataPtr data = backend->data(rows);
      const OrderPtr numbers = backend->order(order);
      // Nobody waits between these, so that each batch finds the ones before still under way.
      std::vector<TensorPtr> batches;
      for (std::size_t first = 0; first < order.size(); first += 10) {
        batches.push_back(backend->tensor(10, rows->cols()));
        if (first == 30) batches.back()->setRows(3);
        backend->gather(*data, {numbers.get(), first, batches.back()->rows()}, *batches.back());
      }
      std::vector<Values> all;
      for (const TensorPtr& batch : batches) all.push_back(valuesOf(*backend, *batch));
      return all;
    };
    const std::vector<Values> resident = gathered(std::size_t{1} << 28);
    CHECK(gathered(64) == resident);
    for (std::size_t i = 0; i < 10; ++i) {
      std::vector<float> row(6);
      rows->expand(order[20 + i], row.data());
      const auto at = resident[2].begin() + static_cast<std::ptrdiff_t>(i * 6);
      CHECK(std::equal(row.begin(), row.end(), at));
    }
  }
}

}  // namespace boltzkit::test
