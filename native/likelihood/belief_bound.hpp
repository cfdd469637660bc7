// The variational bound of log p(v) of a network of levels below a top machine, with log Z left out:
//   log p(v) >= E_q [ sum_l log p(h_(l-1) | h_l) - F_top(h_L) ] + H(q(h | v)) - log Z_top,
// h_0 = v, q(h | v) = q(h_1 | v) ... q(h_L | h_(L-1)) (Salakhutdinov & Murray, "On the quantitative
// analysis of deep belief networks", ICML 2008, eqs. 14 to 16). The mean over q is one over draws. The
// entropy of a level is exact given the draw below it, which lowers the variance. Layers of the top
// machine other than 0 are summed out.
#pragma once
#include <span>

#include "core/interrupt.hpp"
#include "core/rows.hpp"
#include "sampling/levels.hpp"

namespace boltzkit {

// out[r] = the mean over `samples` draws for row r, in nats. The rows are states of the bottom layer.
// Random words come from the top machine. Throws ParameterError where rows hold no states, or the
// other layers of the top machine cannot be summed out.
void beliefBound(Machine& top, const Levels& levels, std::shared_ptr<const Rows> rows, std::uint64_t samples, const Cancelled& cancelled,
                 std::span<double> out);

}  // namespace boltzkit
