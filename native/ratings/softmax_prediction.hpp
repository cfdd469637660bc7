// What a softmax rating machine foresees. A case enters as its field (SoftmaxMachine::field), so one
// that was never trained on is as good as any other.
#pragma once
#include <span>

#include "core/interrupt.hpp"
#include "ratings/softmax_machine.hpp"

namespace boltzkit::ratings {

enum class SoftmaxRule {
  exact,      // hidden units summed out: SoftmaxMachine::givenOthers
  meanField,  // given the means of the hidden units (Salakhutdinov, Mnih & Hinton 2007, equations 8 and 9)
};

// Categories of visibles of some cases, row by row. Case c has the entries offsets[c] ... offsets[c + 1] - 1.
struct CaseEntries {
  std::span<const std::uint64_t> offsets;
  std::span<const std::uint32_t> visibles;
  std::span<const std::uint8_t> categories;
  std::size_t cases() const { return offsets.size() - 1; }
};

// Throws where an entry names a visible or category that the machine does not have.
void checkCases(const SoftmaxMachine& machine, const CaseEntries& cases);

// out [cases, hidden].
void softmaxFields(const SoftmaxMachine& machine, const CaseEntries& cases, unsigned threads, std::span<float> out);

// The mean of `worth` [K] under P(v_i = k | case) for every case and each of `visibles`: with the
// scale's values it is E[r], with ones from some k on it is P(r >= k-th value).
// fields [cases, hidden]; out [cases, visibles], or [visibles, cases] if `turned`.
struct ScoreQuestion {
  std::span<const float> fields;
  std::span<const std::uint32_t> visibles;
  std::span<const double> worth;
  SoftmaxRule rule = SoftmaxRule::exact;
  bool turned = false;
  unsigned threads = 1;
};
void softmaxScores(const SoftmaxMachine& machine, const ScoreQuestion& question, const Cancelled& cancelled, std::span<float> out);

// P(v_i = k | case) of pairs of a case and a visible: pair n is row `cases[n]` of the fields and
// visible `visibles[n]`. out [pairs, K].
void softmaxProbabilities(const SoftmaxMachine& machine, std::span<const float> fields, std::span<const std::uint32_t> cases,
                          std::span<const std::uint32_t> visibles, SoftmaxRule rule, std::span<double> out);

}  // namespace boltzkit::ratings
