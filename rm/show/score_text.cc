#include "rm/show/score_text.hh"

#include <fmt/format.h>

namespace gyre::rm::show {

namespace {

using schedule::Cluster;
using schedule::Kind;
using schedule::Resource;

// Scripts look for these words.
const char* spoken_by(Kind kind) {
  return kind == Kind::primitive ? "pcmk__primitive_assign"
         : kind == Kind::group   ? "pcmk__group_assign"
                                 : "pcmk__clone_allocate";
}

void resource(Outline& out, const Cluster& cluster, const Resource& of) {
  for (std::size_t node = 0; node < cluster.nodes.size() && node < of.weights.size(); ++node)
    if (of.weights[node].present)
      out.note(fmt::format("{}: {} allocation score on {}: {}", spoken_by(of.kind), of.id,
                           cluster.nodes[node].name, score_text(of.weights[node].score)));
  for (const Resource* child : of.children) resource(out, cluster, *child);
  if (!of.promotable) return;
  for (const Resource* child : of.children)
    out.note(fmt::format("{} promotion score on {}: {}", child->id,
                         child->assigned_to ? child->assigned_to->name : "none",
                         score_text(child->promotion_score)));
}

}  // namespace

std::string score_text(Score score) {
  return score.is_infinity()         ? "INFINITY"
         : score.is_minus_infinity() ? "-INFINITY"
                                     : fmt::format("{}", score.value());
}

void scores(Outline& out, const Cluster& cluster) {
  for (const Resource* top : cluster.top) resource(out, cluster, *top);
}

}  // namespace gyre::rm::show
