// Aligned arrays of the Gaussian rating machine.
#pragma once
#include <cstddef>
#include <memory>
#include <new>

namespace boltzkit::ratings {

// n elements at a 64-byte boundary, zero at first.
template <class T>
class Aligned {
 public:
  explicit Aligned(std::size_t n) : data_(static_cast<T*>(::operator new[](n * sizeof(T), std::align_val_t(64)))) {
    for (std::size_t i = 0; i < n; ++i) data_.get()[i] = T{};
  }
  T* get() const { return data_.get(); }
  T& operator[](std::size_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete[](static_cast<void*>(p), std::align_val_t(64)); }
  };
  std::unique_ptr<T, Free> data_;
};

}  // namespace boltzkit::ratings
