// Results must not depend on the number of threads. Instruction sets with a fused multiply-add must
// agree bit for bit.
#include <cstdlib>
#include <thread>

#include "cpu/info.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

// A few training steps with every kind of operation; returns all values that they produce.
std::vector<Values> train(const cpu::Kernels& kernels, unsigned threads) {
  cpu::CpuBackend backend(kernels, threads);
  const std::size_t visible = 300, hidden = 170, batch = 90;
  auto make = [&](std::size_t rows, std::size_t cols, std::uint64_t seed, Kind kind, double density) {
    TensorPtr t = backend.tensor(rows, cols);
    backend.upload(std::span<const double>(randomValues(rows * cols, seed, kind, density)), *t);
    return t;
  };
  const TensorPtr v0 = make(batch, visible, 1, Kind::grey, 0.2), w = make(visible, hidden, 2, Kind::signedReal, 1);
  const TensorPtr b = make(1, visible, 3, Kind::signedReal, 1), c = make(1, hidden, 4, Kind::signedReal, 1);
  const TensorPtr h = make(batch, hidden, 0, Kind::grey, 0), mean = make(batch, hidden, 0, Kind::grey, 0),
                  v = make(batch, visible, 0, Kind::grey, 0);
  const TensorPtr gradient = make(visible, hidden, 0, Kind::grey, 0), velocity = make(visible, hidden, 0, Kind::grey, 0);
  const TensorPtr gb = make(1, visible, 0, Kind::grey, 0), vb = make(1, visible, 0, Kind::grey, 0);
  Values energy(batch), cumulant(batch), dots(batch);
  auto update = [&](const Tensor& from, bool down, const Tensor& bias, std::uint64_t step, Tensor& fields, Tensor* means, Tensor* sample) {
    const FieldTerm terms[] = {{&from, w.get(), down, 1}};
    backend.fields(terms, false, fields);
    backend.updateUnits({.units = {UnitType::bernoulli, &bias}, .stream = testStream(step)}, fields, means, sample);
  };
  backend.run([&] {
    const TensorPtr fh = backend.tensor(batch, hidden), fv = backend.tensor(batch, visible);
    for (std::uint64_t step = 0; step < 3; ++step) {
      update(*v0, false, *c, 3 * step, *fh, mean.get(), h.get());
      backend.statistics(*v0, *mean, nullptr, 0.01, 0, *gradient);
      backend.unitStatistics({UnitType::bernoulli, b.get()}, *v0, nullptr, nullptr, 0.01, 0, *gb);
      update(*h, true, *b, 3 * step + 1, *fv, nullptr, v.get());
      update(*v, false, *c, 3 * step + 2, *fh, mean.get(), nullptr);
      backend.statistics(*v, *mean, nullptr, -0.01, 1, *gradient);
      backend.unitStatistics({UnitType::bernoulli, b.get()}, *v, nullptr, nullptr, -0.01, 1, *gb);
      const ParameterSlot slots[] = {{w.get(), gradient.get(), velocity.get(), nullptr, 1e-5, 1e-4, 1},
                                     {b.get(), gb.get(), vb.get(), nullptr}};
      CHECK(refusedBy(backend, {.learningRate = 0.5, .momentum = 0.9}, slots) == -1);
    }
    energy = reduced(backend, batch, [&](const RowSum& sum) { backend.unitEnergies({UnitType::bernoulli, b.get()}, *v, sum); });
    cumulant = reduced(backend, batch, [&](const RowSum& sum) { backend.cumulants({UnitType::bernoulli, c.get()}, *fh, 1, nullptr, sum); });
    dots = reduced(backend, batch, [&](const RowSum& sum) { backend.rowDots(*v0, *v, sum); });
  });
  return {valuesOf(backend, *w), valuesOf(backend, *b), valuesOf(backend, *v), valuesOf(backend, *mean), energy, cumulant, dots};
}

TEST_CASE("training is bit-identical for every number of threads") {
  forEachIsa([](const cpu::Kernels& kernels) {
    const auto one = train(kernels, 1);
    for (const unsigned threads : {2u, 3u, 7u}) {
      CAPTURE(threads);
      CHECK(train(kernels, threads) == one);
    }
  });
}

TEST_CASE("instruction sets with a fused multiply-add agree bit for bit") {
  std::vector<std::vector<Values>> results;
  for (const cpu::Kernels* kernels : cpu::availableKernels())
    if (std::string(kernels->isa) != "portable") results.push_back(train(*kernels, 2));
  for (std::size_t i = 1; i < results.size(); ++i) CHECK(results[i] == results[0]);
}

TEST_CASE("a job within a job shares its team") {
  cpu::CpuBackend backend(cpu::kernelsNamed(""), 3);
  int runs = 0;
  backend.run([&] { backend.run([&] { ++runs; }); });
  CHECK(runs == 1);
}

TEST_CASE("a second job at the same time is refused") {
  cpu::CpuBackend backend(cpu::kernelsNamed(""), 2);
  backend.run([&] {
    std::thread other([&] { CHECK_THROWS_AS(backend.run([] {}), Error); });
    other.join();
  });
  int runs = 0;
  CHECK_THROWS_AS(backend.run([] { throw Error(ErrorCode::aborted, "stop"); }), Error);
  backend.run([&] { ++runs; });
  CHECK(runs == 1);
}

TEST_CASE("what the machine offers is known, and the environment chooses among it") {
  unsetenv("BOLTZKIT_ISA");
  const CpuInfo info = cpuInfo();
  CHECK(info.threads >= 1);
  CHECK(info.available.back() == "portable");
  CHECK(info.isa == info.available.front());
  setenv("BOLTZKIT_ISA", "portable", 1);
  CHECK(cpuInfo().isa == "portable");
  CHECK(std::string(makeCpuBackend(0)->name()) == "cpu");
  setenv("BOLTZKIT_ISA", "avx1024", 1);
  CHECK_THROWS_AS(cpuInfo(), Error);
  CHECK_THROWS_AS(makeCpuBackend(1), Error);
  unsetenv("BOLTZKIT_ISA");
}

TEST_CASE("an unknown instruction set is refused with the list of what there is") {
  try {
    cpu::kernelsNamed("avx1024");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::backend);
    CHECK(std::string(error.what()).find("portable") != std::string::npos);
  }
}

}  // namespace
}  // namespace boltzkit::test
