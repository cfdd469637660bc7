// Fields and statistics of every backend against the reference, around all block sizes of the
// kernels.
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

struct Shape {
  std::size_t rows, depth, columns;
};

// {1, 3, 7, 16} and the sizes at which kernels and plans change, each with one less and one more:
// vectors, 64 columns, 112 places k, 128 rows, 160 columns (where strides become odd).
std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const std::size_t depth : threadSanitized ? std::vector<std::size_t>{} : std::vector<std::size_t>{1, 3, 7, 16, 111, 112, 113, 225})
    for (const std::size_t columns : {1, 3, 7, 16, 17, 63, 64, 65, 161}) all.push_back({1 + (depth * 7 + columns) % 9, depth, columns});
  for (const std::size_t rows : {15, 16, 17, 127, 128, 129, 257}) all.push_back({rows, 30, 40});
  all.push_back({300, 200, 130});
  // Groups of blocks, and blocks of long sums.
  for (const std::size_t depth : {896, 897, 1024, 1025, 2177}) all.push_back({9, depth, 65});
  return all;
}

const double densities[] = {0, 0.1, 0.5, 1};

struct Inputs {
  Values a, b, c;
};

Inputs inputsFor(const Shape& s, std::size_t number, double density) {
  const Kind kind = number % 3 == 0 ? Kind::binary : number % 3 == 1 ? Kind::grey : Kind::signedReal;
  return {randomValues(s.rows * s.depth, 3 * number, kind, density), randomValues(s.depth * s.columns, 3 * number + 1, Kind::signedReal),
          randomValues(s.rows * s.columns, 3 * number + 2, Kind::signedReal)};
}

Values transposed(const Values& v, std::size_t rows, std::size_t cols) {
  Values out(v.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c) out[c * rows + r] = v[r * cols + c];
  return out;
}

void checkFields(Twins& twins, const Shape& s, const Inputs& in, bool fromTransposed, bool accumulate, double scale) {
  CAPTURE(s.rows);
  CAPTURE(s.depth);
  CAPTURE(s.columns);
  CAPTURE(fromTransposed);
  CAPTURE(accumulate);
  const Twin states = twins.make(s.rows, s.depth, in.a);
  const Twin weights =
      fromTransposed ? twins.make(s.columns, s.depth, transposed(in.b, s.depth, s.columns)) : twins.make(s.depth, s.columns, in.b);
  const Twin out = twins.make(s.rows, s.columns, in.c), size = twins.make(s.rows, s.columns, absolute(in.c));
  const Twin sizeStates = twins.make(s.rows, s.depth, absolute(in.a)), sizeWeights = twins.make(s.depth, s.columns, absolute(in.b));
  auto term = [&](Backend& b, const Tensor& st, const Tensor& w, bool t, double f, Tensor& o) {
    const FieldTerm terms[] = {{&st, &w, t, f}};
    b.fields(terms, accumulate, o);
  };
  term(*twins.exact, *sizeStates.exact, *sizeWeights.exact, false, std::fabs(scale), *size.exact);
  const Values allowed = allowedSumErrors(valuesOf(*twins.exact, *size.exact), s.depth);
  term(*twins.exact, *states.exact, *weights.exact, fromTransposed, scale, *out.exact);
  // With transposed weights, the first product transposes on the fly, the second makes a copy, the
  // third reads it.
  for (int use = 0; use < (fromTransposed ? 3 : 1); ++use) {
    twins.fast.upload(std::span<const double>(in.c), *out.fast);
    term(twins.fast, *states.fast, *weights.fast, fromTransposed, scale, *out.fast);
    checkTwin(twins, out, allowed);
  }
}

void checkStatistics(Twins& twins, const Shape& s, const Inputs& in, bool weighted, double beta) {
  CAPTURE(s.rows);
  CAPTURE(s.depth);
  CAPTURE(s.columns);
  CAPTURE(weighted);
  CAPTURE(beta);
  // [depth, rows]: the sum is over the batch.
  const Values left = transposed(in.a, s.rows, s.depth);
  const Values weights = randomValues(s.depth, s.depth, Kind::grey, 0.8);
  const double alpha = -0.37;
  const Twin a = twins.make(s.depth, s.rows, left), b = twins.make(s.depth, s.columns, in.b), w = twins.make(1, s.depth, weights);
  const Twin out = twins.make(s.rows, s.columns, in.c), size = twins.make(s.rows, s.columns, absolute(in.c));
  const Twin sizeA = twins.make(s.depth, s.rows, absolute(left)), sizeB = twins.make(s.depth, s.columns, absolute(in.b));
  twins.exact->statistics(*sizeA.exact, *sizeB.exact, nullptr, std::fabs(alpha), beta, *size.exact);
  twins.exact->statistics(*a.exact, *b.exact, weighted ? w.exact.get() : nullptr, alpha, beta, *out.exact);
  twins.fast.statistics(*a.fast, *b.fast, weighted ? w.fast.get() : nullptr, alpha, beta, *out.fast);
  checkTwin(twins, out, allowedSumErrors(valuesOf(*twins.exact, *size.exact), s.depth));
}

TEST_CASE("fields agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    twins.fast.run([&] {
      std::size_t number = 0;
      for (const Shape& s : shapes()) {
        const double density = densities[number++ % 4];
        const Inputs in = inputsFor(s, number, density);
        checkFields(twins, s, in, false, number % 2 == 0, 1);
        checkFields(twins, s, in, true, number % 2 == 1, -1.25);
      }
    });
  });
}

TEST_CASE("statistics agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    twins.fast.run([&] {
      std::size_t number = 0;
      for (const Shape& s : shapes()) {
        const double density = densities[number++ / 2 % 4];
        checkStatistics(twins, s, inputsFor(s, number, density), number % 2 == 0, number % 3 == 0 ? 0 : 0.75);
      }
    });
  });
}

TEST_CASE("several terms add up, on top of what is there or from nothing") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate);
    const Twin a = twins.make(5, 20, randomValues(100, 1, Kind::binary, 0.3)), b = twins.make(5, 9, randomValues(45, 2, Kind::grey));
    const Twin u = twins.make(20, 33, randomValues(660, 3, Kind::signedReal)),
               v = twins.make(33, 9, randomValues(297, 4, Kind::signedReal));
    for (const bool accumulate : {false, true}) {
      const Twin out = twins.make(5, 33, randomValues(165, 5, Kind::signedReal));
      const FieldTerm fast[] = {{a.fast.get(), u.fast.get(), false, 1}, {b.fast.get(), v.fast.get(), true, 0.5}};
      const FieldTerm exact[] = {{a.exact.get(), u.exact.get(), false, 1}, {b.exact.get(), v.exact.get(), true, 0.5}};
      twins.fast.fields(fast, accumulate, *out.fast);
      twins.exact->fields(exact, accumulate, *out.exact);
      checkTwin(twins, out, {1e-5});
      twins.fast.fields({}, accumulate, *out.fast);
      twins.exact->fields({}, accumulate, *out.exact);
      checkTwin(twins, out, {1e-5});
    }
  });
}

TEST_CASE("a transposed copy follows every kind of write to the weights") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate);
    const Twin states = twins.make(3, 24, randomValues(72, 1, Kind::binary, 0.5));
    const Twin weights = twins.make(40, 24, randomValues(960, 2, Kind::signedReal)), gradient = twins.zeros(40, 24),
               velocity = twins.zeros(40, 24);
    const Twin mask = twins.make(1, 24, randomValues(24, 3, Kind::binary, 0.5)), out = twins.zeros(3, 40);
    const Twin left = twins.make(4, 40, randomValues(160, 4, Kind::grey)), right = twins.make(4, 24, randomValues(96, 5, Kind::grey));
    const Values other = randomValues(960, 6, Kind::signedReal);
    auto compare = [&] {
      for (int use = 0; use < 3; ++use) {
        const FieldTerm fast[] = {{states.fast.get(), weights.fast.get(), true, 1}},
                        exact[] = {{states.exact.get(), weights.exact.get(), true, 1}};
        twins.fast.fields(fast, false, *out.fast);
        twins.exact->fields(exact, false, *out.exact);
        checkTwin(twins, out, {1e-4});
      }
    };
    auto both = [&](auto&& operation) {
      operation(twins.fast, [](const Twin& t) -> Tensor& { return *t.fast; });
      operation(*twins.exact, [](const Twin& t) -> Tensor& { return *t.exact; });
      compare();
    };
    compare();
    both([&](Backend& b, auto of) { b.upload(std::span<const double>(other), of(weights)); });
    both([&](Backend& b, auto of) { b.statistics(of(left), of(right), nullptr, 1, 0.5, of(weights)); });
    both([&](Backend& b, auto of) {
      b.axpby(0.5, of(weights), 0, of(gradient));
      b.axpby(1, of(gradient), 0.25, of(weights));
    });
    both([&](Backend& b, auto of) { b.clamp(of(mask), of(gradient), of(weights)); });
    both([&](Backend& b, auto of) {
      const ParameterSlot slots[] = {{&of(weights), &of(gradient), &of(velocity), nullptr}};
      CHECK(refusedBy(b, {.learningRate = 0.1}, slots) == -1);
    });
    both([&](Backend& b, auto of) { b.fill(0.125, of(weights)); });
  });
}

TEST_CASE("a short batch uses the first rows only") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate);
    const Twin a = twins.make(20, 30, randomValues(600, 1, Kind::grey, 0.4)), b = twins.make(20, 18, randomValues(360, 2, Kind::grey));
    const Twin w = twins.make(30, 18, randomValues(540, 3, Kind::signedReal)), out = twins.zeros(20, 18), sums = twins.zeros(30, 18);
    for (const std::size_t rows : {20, 7, 1, 13}) {
      for (const Twin* t : {&a, &b, &out}) t->fast->setRows(rows), t->exact->setRows(rows);
      const FieldTerm fast[] = {{a.fast.get(), w.fast.get(), false, 1}}, exact[] = {{a.exact.get(), w.exact.get(), false, 1}};
      twins.fast.fields(fast, false, *out.fast);
      twins.exact->fields(exact, false, *out.exact);
      checkTwin(twins, out, {1e-5});
      twins.fast.statistics(*a.fast, *b.fast, nullptr, 1, 0, *sums.fast);
      twins.exact->statistics(*a.exact, *b.exact, nullptr, 1, 0, *sums.exact);
      checkTwin(twins, sums, {1e-5});
    }
  });
}

}  // namespace
}  // namespace boltzkit::test
