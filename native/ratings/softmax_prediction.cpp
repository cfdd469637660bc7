#include "ratings/softmax_prediction.hpp"

#include <algorithm>
#include <string>

#include "core/progress.hpp"
#include "core/thread_team.hpp"

namespace boltzkit::ratings {
namespace {

// What is known of a case: its field for the exact rule, means of its hidden units for the other.
void prepare(const SoftmaxMachine& machine, const float* field, SoftmaxRule rule, LineFloats& known) {
  std::copy_n(field, machine.hidden(), known.begin());
  std::fill(known.begin() + static_cast<std::ptrdiff_t>(machine.hidden()), known.end(), 0.0f);
  if (rule == SoftmaxRule::meanField) machine.kernels().logistic(known.data(), machine.alive(), machine.stride(), known.data());
}

void probabilities(const SoftmaxMachine& machine, std::size_t visible, const LineFloats& known, SoftmaxRule rule, double* out) {
  if (rule == SoftmaxRule::exact) {
    machine.givenOthers(visible, known.data(), out);
    return;
  }
  float masses[mostCategories];
  machine.givenHidden(visible, known.data(), masses);
  std::copy_n(masses, machine.categories(), out);
}

void checkVisibles(const SoftmaxMachine& machine, std::span<const std::uint32_t> visibles) {
  for (const std::uint32_t visible : visibles)
    if (visible >= machine.visibles())
      throw parameterError("a visible must be below " + std::to_string(machine.visibles()) + ", got " + std::to_string(visible));
}

void checkFields(const SoftmaxMachine& machine, std::span<const float> fields) {
  if (fields.size() % machine.hidden() != 0)
    throw shapeError("`fields` must have rows of " + std::to_string(machine.hidden()) + " numbers, got " + std::to_string(fields.size()));
}

}  // namespace

void checkCases(const SoftmaxMachine& machine, const CaseEntries& cases) {
  const std::size_t n = cases.visibles.size();
  if (cases.offsets.empty() || cases.offsets.front() != 0 || cases.offsets.back() != n || cases.categories.size() != n ||
      !std::is_sorted(cases.offsets.begin(), cases.offsets.end()))
    throw shapeError("`offsets` must rise from 0 to the number of entries (" + std::to_string(n) + ")");
  checkVisibles(machine, cases.visibles);
  for (const std::uint8_t k : cases.categories)
    if (k >= machine.categories())
      throw parameterError("a category must be below " + std::to_string(machine.categories()) + ", got " + std::to_string(k));
}

void softmaxFields(const SoftmaxMachine& machine, const CaseEntries& cases, unsigned threads, std::span<float> out) {
  ThreadTeam team(std::max(1u, threads));
  std::vector<LineFloats> fields(team.threads(), LineFloats(machine.stride()));
  team.parallelFor(cases.cases(), [&](std::size_t c, unsigned thread) {
    const std::size_t first = cases.offsets[c], count = cases.offsets[c + 1] - first;
    machine.field(cases.visibles.subspan(first, count), cases.categories.subspan(first, count), fields[thread].data());
    std::copy_n(fields[thread].begin(), machine.hidden(), out.begin() + static_cast<std::ptrdiff_t>(c * machine.hidden()));
  });
}

void softmaxScores(const SoftmaxMachine& machine, const ScoreQuestion& q, const Cancelled& cancelled, std::span<float> out) {
  checkFields(machine, q.fields);
  checkVisibles(machine, q.visibles);
  if (q.worth.size() != machine.categories())
    throw shapeError("`worth` must have " + std::to_string(machine.categories()) + " numbers, got " + std::to_string(q.worth.size()));
  const std::size_t cases = q.fields.size() / machine.hidden(), visibles = q.visibles.size();
  if (out.size() != cases * visibles) throw Error(ErrorCode::internal, "scores have another size than asked for");
  ThreadTeam team(std::max(1u, q.threads));
  std::vector<LineFloats> known(team.threads(), LineFloats(machine.stride()));
  constexpr std::size_t together = 256;  // cases between two looks at `cancelled`
  for (std::size_t begin = 0; begin < cases; begin += together) {
    throwIfCancelled(cancelled);
    team.parallelFor(std::min(together, cases - begin), [&](std::size_t tile, unsigned thread) {
      const std::size_t c = begin + tile;
      prepare(machine, q.fields.data() + c * machine.hidden(), q.rule, known[thread]);
      double masses[mostCategories];
      for (std::size_t i = 0; i < visibles; ++i) {
        probabilities(machine, q.visibles[i], known[thread], q.rule, masses);
        double mean = 0;
        for (std::size_t k = 0; k < machine.categories(); ++k) mean += masses[k] * q.worth[k];
        out[q.turned ? i * cases + c : c * visibles + i] = static_cast<float>(mean);
      }
    });
    Progress::report(static_cast<double>(begin + together), static_cast<double>(cases));
  }
}

void softmaxProbabilities(const SoftmaxMachine& machine, std::span<const float> fields, std::span<const std::uint32_t> cases,
                          std::span<const std::uint32_t> visibles, SoftmaxRule rule, std::span<double> out) {
  checkFields(machine, fields);
  checkVisibles(machine, visibles);
  const std::size_t rows = fields.size() / machine.hidden(), k = machine.categories();
  if (cases.size() != visibles.size() || out.size() != visibles.size() * k)
    throw shapeError("`cases` must be as long as `visibles` (" + std::to_string(visibles.size()) + "), got " +
                     std::to_string(cases.size()));
  LineFloats known(machine.stride());
  for (std::size_t n = 0; n < visibles.size(); ++n) {
    if (cases[n] >= rows) throw parameterError("a case must be below " + std::to_string(rows) + ", got " + std::to_string(cases[n]));
    if (n == 0 || cases[n] != cases[n - 1]) prepare(machine, fields.data() + cases[n] * machine.hidden(), rule, known);
    probabilities(machine, visibles[n], known, rule, out.data() + n * k);
  }
}

}  // namespace boltzkit::ratings
