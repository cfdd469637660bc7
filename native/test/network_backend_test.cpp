// The operations of networks on every backend against the reference.
#include "networks.hpp"

namespace boltzkit::test {
namespace {

const std::size_t widths[] = {1, 3, 16, 17, 64, 100, 129, 300};

TEST_CASE("gradients through means agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    for (const LayerType& type : layerTypes)
      for (const std::size_t width : widths) {
        // Far into the tails of units that have some.
        const double reach = width == 100 ? 20 : 1;
        const std::string name = type.name;
        CAPTURE(name);
        CAPTURE(width);
        Twins twins(candidate, 2);
        const std::size_t places = width * type.size, rows = 7;
        const UnitType tag = unitTypeNamed(type.name);
        const std::size_t size = std::string(type.name) == "binomial" || std::string(type.name) == "softmax" ? type.size : 1;
        const Twin p = twins.make(unitParameterCount(tag), places, randomValues(unitParameterCount(tag) * places, 1, Kind::signedReal));
        Values f = randomValues(rows * places, 2, Kind::signedReal);
        for (double& x : f) x = static_cast<float>(reach * x);
        const Twin fields = twins.make(rows, places, f);
        const Twin mean = twins.zeros(rows, places);
        const Values g = randomValues(rows * places, 3, Kind::signedReal);
        const Twin gradient = twins.make(rows, places, g);
        const Units fast{tag, p.fast.get(), static_cast<std::uint32_t>(size)}, exact{tag, p.exact.get(), static_cast<std::uint32_t>(size)};
        twins.fast.updateUnits({.units = fast}, *fields.fast, mean.fast.get(), nullptr);
        twins.exact->updateUnits({.units = exact}, *fields.exact, mean.exact.get(), nullptr);
        twins.fast.throughMeans(fast, *fields.fast, *mean.fast, *gradient.fast);
        twins.exact->throughMeans(exact, *fields.exact, *mean.exact, *gradient.exact);
        Values allowed = absolute(valuesOf(*twins.exact, *gradient.exact));
        for (double& a : allowed) a = 1e-5 * a + 5e-6;
        checkTwin(twins, gradient, allowed);
      }
  });
}

TEST_CASE("the same places are dropped as by the reference, and the others scaled") {
  forEachBackend([](const Candidate& candidate) {
    for (const double rate : {0.0, 0.2, 0.5, 0.999})
      for (const std::size_t width : widths) {
        CAPTURE(rate);
        CAPTURE(width);
        Twins twins(candidate, 2);
        const Twin from = twins.make(9, width, randomValues(9 * width, 4, Kind::signedReal)), to = twins.zeros(9, width);
        twins.fast.drop(testStream(), rate, *from.fast, *to.fast);
        twins.exact->drop(testStream(), rate, *from.exact, *to.exact);
        Values allowed = absolute(valuesOf(*twins.exact, *to.exact));
        for (double& a : allowed) a = 2e-7 * a + 1e-30;
        checkTwin(twins, to, allowed);
        twins.fast.drop(testStream(), rate, *from.fast, *from.fast);
        CHECK(valuesOf(twins.fast, *from.fast) == valuesOf(twins.fast, *to.fast));
      }
  });
}

TEST_CASE("dropout drops the part of the places that it says") {
  const auto backend = makeReferenceBackend();
  const std::size_t rows = 200, places = 500;
  const TensorPtr ones = backend->tensor(rows, places);
  backend->fill(1, *ones);
  backend->drop(testStream(), 0.3, *ones, *ones);
  double kept = 0;
  for (const double x : valuesOf(*backend, *ones)) {
    CHECK((x == 0 || x == doctest::Approx(1 / 0.7)));
    kept += x > 0 ? 1 : 0;
  }
  // Five standard deviations of a binomial count.
  CHECK(std::fabs(kept / (rows * places) - 0.7) < 5 * std::sqrt(0.21 / (rows * places)));
}

TEST_CASE("columns above the limit are scaled to it, others stay") {
  forEachBackend([](const Candidate& candidate) {
    for (const std::size_t width : widths) {
      CAPTURE(width);
      Twins twins(candidate, 2);
      Values values = randomValues(31 * width, 5, Kind::signedReal);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(values[i] * static_cast<double>(i % width % 3) * 0.3);
      const Twin w = twins.make(31, width, values);
      twins.fast.limitColumns(1.5, *w.fast);
      twins.exact->limitColumns(1.5, *w.exact);
      const Values got = valuesOf(twins.fast, *w.fast);
      Values allowed = absolute(valuesOf(*twins.exact, *w.exact));
      for (double& a : allowed) a = 3e-7 * a + 1e-30;
      checkTwin(twins, w, allowed);
      for (std::size_t j = 0; j < width; ++j) {
        double before = 0, after = 0;
        for (std::size_t i = 0; i < 31; ++i) {
          before += values[i * width + j] * values[i * width + j];
          after += got[i * width + j] * got[i * width + j];
        }
        CHECK(std::sqrt(after) == doctest::Approx(std::min(1.5, std::sqrt(before))).epsilon(1e-5));
      }
    }
  });
}

}  // namespace
}  // namespace boltzkit::test
