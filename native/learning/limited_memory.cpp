#include "learning/limited_memory.hpp"

#include <utility>

namespace boltzkit {
namespace {

// Pairs with a smaller cosine of s and y tell nothing but rounding.
constexpr double leastCurvature = 1e-10;

}  // namespace

TensorList likeThese(Backend& backend, const std::vector<Tensor*>& shapes) {
  TensorList list;
  for (const Tensor* t : shapes) list.push_back(backend.tensor(t->rows(), t->cols()));
  return list;
}

LimitedMemory::LimitedMemory(Backend& backend, const std::vector<Tensor*>& shapes, std::size_t history)
    : backend_(backend), shapes_(shapes), history_(history) {
  for (const Tensor* t : shapes) sums_.push_back(backend.doubles(t->rows()));
}

double LimitedMemory::dot(const TensorList& a, const TensorList& b) {
  for (std::size_t i = 0; i < a.size(); ++i) backend_.rowDots(*a[i], *b[i], {sums_[i].get()});
  double total = 0;
  std::vector<double> rows;
  for (const DoublesPtr& sums : sums_) {
    rows.resize(sums->size());
    backend_.read(*sums, rows);
    for (const double x : rows) total += x;
  }
  return total;
}

void LimitedMemory::combine(double alpha, const TensorList& x, double beta, TensorList& y) {
  for (std::size_t i = 0; i < x.size(); ++i) backend_.axpby(alpha, *x[i], beta, *y[i]);
}

void LimitedMemory::add(const TensorList& s, const TensorList& y) {
  const double product = dot(s, y), squares = dot(y, y);
  if (!(product > leastCurvature * squares)) return;
  if (used_ == history_) {
    pairs_.push_back(std::move(pairs_.front()));
    pairs_.pop_front();
    --used_;
  } else if (pairs_.size() == used_) {
    pairs_.push_back({likeThese(backend_, shapes_), likeThese(backend_, shapes_)});
  }
  Pair& pair = pairs_[used_++];
  combine(1, s, 0, pair.s);
  combine(1, y, 0, pair.y);
  pair.product = product;
}

void LimitedMemory::direct(const TensorList& gradient, TensorList& direction) {
  combine(-1, gradient, 0, direction);
  if (empty()) return;
  std::vector<double> alpha(used_);
  for (std::size_t i = used_; i-- > 0;) {
    alpha[i] = dot(pairs_[i].s, direction) / pairs_[i].product;
    combine(-alpha[i], pairs_[i].y, 1, direction);
  }
  const Pair& last = pairs_[used_ - 1];
  const double scale = last.product / dot(last.y, last.y);
  for (const TensorPtr& t : direction) backend_.axpby(scale, *t, 0, *t);
  for (std::size_t i = 0; i < used_; ++i) combine(alpha[i] - dot(pairs_[i].y, direction) / pairs_[i].product, pairs_[i].s, 1, direction);
}

}  // namespace boltzkit
