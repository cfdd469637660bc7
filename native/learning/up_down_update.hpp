// Up-down learning, contrastive wake-sleep (Hinton, Osindero & Teh, "A fast learning algorithm for
// deep belief nets", Neural Computation 18 (2006), section 5 and appendix B). A network of levels
// below a top machine, p(v, h) = p(v | h_1) ... p(h_(L-1) | h_L) p_top(h_L), with recognition
// q(h | v) = q(h_1 | v) ... q(h_L | h_(L-1)) of weights of its own. One update:
//   wake   rows v and draws h ~ q(h | v) move each level's generation uphill in log p(h_(l-1) | h_l)
//   top    contrastive divergence of `steps` sweeps from (h_L, labels), or persistent chains
//   sleep  from the last states of the top chains draws fall down to v' by the generation; they move
//          each level's recognition uphill in log q(h'_l | h'_(l-1))
// All steps of an update start from the same parameters.
//
// Deviations: the top's hidden statistics are means given the states, and the recognition of a level
// is told the draws of dreams (in appendix B the bottom is means; see UpDownOptions::dreams). Any
// unit types but counts, momentum, decay, and a factor of the learning rate for each half.
#pragma once
#include "learning/up_down_options.hpp"
#include "learning/update.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

// The parameters in the order of a run: of each level, from the bottom, those of `up` ("up1/..."),
// its units of layer 1 and its weights, then those of `down`, its units of layer 0 and its weights;
// last all of the top machine ("top/...").
std::vector<NamedTensor> upDownParameters(const Levels& levels, Machine& top);

// `data`: rows of the bottom layer. `labels`: rows of a layer of the top machine other than 0, or
// none. None may be missing. Given both, the other layers of the top machine must be independent
// units. `rowWeights` is empty or has one nonnegative weight per row, not all zero. Random words
// come from the top machine. Throws ParameterError or ShapeError if these do not fit.
std::unique_ptr<Update> upDownUpdate(Machine& top, const Levels& levels, const UpDownOptions& options, std::shared_ptr<const Rows> data,
                                     const std::vector<LayerRows>& labels, std::vector<double> rowWeights);

}  // namespace boltzkit
