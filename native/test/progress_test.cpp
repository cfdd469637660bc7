// How far work says it is.
#include <vector>

#include "core/progress.hpp"
#include "fixtures.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit::test {
namespace {

TEST_CASE("parts of the work count within the work around them, and the fraction never falls") {
  Fraction fraction{0};
  Progress::report(1, 2);  // of no job
  CHECK(fraction == 0);
  {
    const Progress job(fraction);
    Progress::report(1, 4);
    CHECK(fraction == 0.25);
    {
      const Progress part(0.5, 1);
      Progress::report(1, 2);
      CHECK(fraction == 0.75);
      const Progress inner(0.5, 1);
      Progress::report(1, 2);
      CHECK(fraction == 0.875);
      const Progress silent(0, 0);
      Progress::report(1, 1);
      CHECK(fraction == 0.875);
    }
    Progress::report(1, 2);
    CHECK(fraction == 0.875);
    Progress::report(0, 0);
    CHECK(fraction == 0.875);
    Progress::report(1, 1);
    CHECK(fraction == 1);
  }
  Fraction other{0};
  const Progress job(other);
  Progress::report(1, 8);
  CHECK(other == 0.125);
  CHECK(fraction == 1);
}

TEST_CASE("chunks of rows are parts of equal rows") {
  const Machine machine(makeReferenceBackend(), Wiring({{"v", UnitType::bernoulli, 2}, {"h", UnitType::bernoulli, 1}}, {{0, 1}}), 1, 0.1);
  const auto rows = std::make_shared<Rows>(2, Domain{0, 1});
  const std::vector<float> zeros(2 * 4 * chunkRows, 0.0f);
  rows->append(Rows::Source<float>{zeros.data(), 0, 2, 1, 4 * chunkRows});
  const LayerData data(machine, {{0, rows}});
  const Cancelled running{false};
  Fraction fraction{0};
  const Progress job(fraction);
  Values before, within;
  forEachChunk(machine, data, running, [&](std::size_t, States&) {
    before.push_back(fraction);
    Progress::report(1, 2);
    within.push_back(fraction);
  });
  CHECK(before == Values{0, 0.25, 0.5, 0.75});
  CHECK(within == Values{0.125, 0.375, 0.625, 0.875});
  CHECK(fraction == 1);
}

}  // namespace
}  // namespace boltzkit::test
