// Which table of inner loops runs: that of the instruction set which the rest of the library has
// found, or which BOLTZKIT_ISA names. Tables have a member `isa`; tiles count as AVX-512 here.
#pragma once
#include <initializer_list>
#include <string_view>
#include <vector>

#include "cpu/isa.hpp"

#if defined(BOLTZKIT_HAVE_AVX512)
#define BOLTZKIT_IF_AVX512(table) &table,
#else
#define BOLTZKIT_IF_AVX512(table)
#endif
#if defined(BOLTZKIT_HAVE_AVX2)
#define BOLTZKIT_IF_AVX2(table) &table,
#else
#define BOLTZKIT_IF_AVX2(table)
#endif
#if defined(BOLTZKIT_HAVE_NEON)
#define BOLTZKIT_IF_NEON(table) &table,
#else
#define BOLTZKIT_IF_NEON(table)
#endif

// The tables of a family that were compiled, best first: gaussianAvx512 and so on for `gaussian`.
#define BOLTZKIT_COMPILED(family) \
  { BOLTZKIT_IF_AVX512(family##Avx512) BOLTZKIT_IF_AVX2(family##Avx2) BOLTZKIT_IF_NEON(family##Neon) & family##Portable }

namespace boltzkit::ratings {

// Those that this processor can run, best first.
template <class Table>
std::vector<const Table*> runnable(std::initializer_list<const Table*> compiled) {
  std::vector<const Table*> all;
  for (const cpu::Kernels* found : cpu::availableKernels())
    for (const Table* table : compiled)
      if (std::string_view(table->isa) == found->isa) all.push_back(table);
  return all;
}

// The one that BOLTZKIT_ISA names, or the best.
template <class Table>
const Table& chosen(const std::vector<const Table*>& all) {
  const std::string_view wanted = cpu::kernelsNamed(cpu::requestedIsa()).isa;
  for (const Table* table : all)
    if (wanted == table->isa) return *table;
  return *all.front();
}

}  // namespace boltzkit::ratings
