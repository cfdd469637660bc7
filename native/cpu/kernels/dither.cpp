#include "cpu/kernels/dither.hpp"

namespace boltzkit::cpu {

constinit const DitherTable firstDither(0x85ebca6bu), secondDither(0x27220a95u);

}  // namespace boltzkit::cpu
