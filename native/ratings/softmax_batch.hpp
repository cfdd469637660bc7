// The entries of one minibatch of cases: in the order of the cases, and listed by visible.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "ratings/rated_entries.hpp"
#include "ratings/softmax_machine.hpp"

namespace boltzkit::ratings {

class SoftmaxBatch {
 public:
  static constexpr std::uint32_t none = 0xffffffffu;

  SoftmaxBatch(const EntryRows& side, const SoftmaxMachine& machine, std::span<const std::uint8_t> categoryOfCode, std::size_t cases);

  // Takes these rows of the side. The work is proportional to their entries.
  void take(std::span<const std::uint32_t> cases);

  std::span<const std::uint32_t> cases() const { return cases_; }
  std::size_t first(std::size_t b) const { return first_[b]; }  // entry of the b-th case
  std::size_t size(std::size_t b) const { return first_[b + 1] - first_[b]; }

  // Visibles that the batch has entries of, in the order they were met; their entries by `head` and
  // `next`, in the order of the cases.
  const std::vector<std::uint32_t>& touched() const { return touched_; }
  std::uint32_t head(std::uint32_t visible) const { return head_[visible]; }
  std::uint32_t next(std::uint32_t entry) const { return next_[entry]; }
  std::uint32_t caseOf(std::uint32_t entry) const { return caseOf_[entry]; }

  // By entry.
  std::vector<std::uint8_t> categories;  // of the data
  std::vector<float> factors, masses;    // [entries, components], [entries, K]: of the model
  // By case: [cases, stride].
  LineFloats dataMeans, modelMeans;

 private:
  const EntryRows& side_;
  std::span<const std::uint8_t> categoryOfCode_;
  std::size_t components_, k_;
  std::vector<std::uint32_t> cases_, touched_, head_, tail_, next_, caseOf_;
  std::vector<std::size_t> first_;
};

}  // namespace boltzkit::ratings
