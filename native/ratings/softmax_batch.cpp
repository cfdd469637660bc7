#include "ratings/softmax_batch.hpp"

namespace boltzkit::ratings {

SoftmaxBatch::SoftmaxBatch(const EntryRows& side, const SoftmaxMachine& machine, std::span<const std::uint8_t> categoryOfCode,
                           std::size_t cases)
    : dataMeans(cases * machine.stride()),
      modelMeans(cases * machine.stride()),
      side_(side),
      categoryOfCode_(categoryOfCode),
      components_(machine.components()),
      k_(machine.categories()),
      head_(machine.visibles(), none),
      tail_(machine.visibles(), none) {}

void SoftmaxBatch::take(std::span<const std::uint32_t> cases) {
  for (const std::uint32_t visible : touched_) head_[visible] = none;
  touched_.clear();
  cases_.assign(cases.begin(), cases.end());
  first_.assign(1, 0);
  for (const std::uint32_t row : cases) first_.push_back(first_.back() + side_.size(row));
  const std::size_t entries = first_.back();
  categories.resize(entries);
  next_.resize(entries);
  caseOf_.resize(entries);
  factors.resize(entries * components_);
  masses.resize(entries * k_);
  std::uint32_t entry = 0;
  for (std::uint32_t b = 0; b < cases.size(); ++b) {
    const EntryRows::Row row = side_.row(cases[b]);
    for (std::size_t e = 0; e < row.size(); ++e, ++entry) {
      const std::uint32_t visible = row.columns[e];
      categories[entry] = categoryOfCode_[row.codes[e]];
      caseOf_[entry] = b;
      next_[entry] = none;
      if (head_[visible] == none) {
        head_[visible] = entry;
        touched_.push_back(visible);
      } else {
        next_[tail_[visible]] = entry;
      }
      tail_[visible] = entry;
    }
  }
}

}  // namespace boltzkit::ratings
