// check-recordings: do these recordings of a run keep every guarantee?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/check/recording.hh"

namespace {

using namespace gyre;
using namespace gyre::check;

// What one recording holds, for the eye.
struct Summary {
  std::string file;
  Process process;
  std::size_t sends = 0, deliveries = 0, regular = 0, transitional = 0;
  std::uint64_t first_ring = 0, last_ring = 0;
  bool truncated = false, torn = false;
};

// Each ring with its members and those that installed it.
struct RingSummary {
  std::vector<NodeId> members;
  std::set<NodeId> installed;
  std::set<totem::Place> delivered;
};
using Rings = std::map<totem::RingId, RingSummary>;

std::uint32_t plain(NodeId node) {
  return static_cast<std::uint32_t>(node);
}

std::vector<std::uint32_t> plain(const auto& nodes) {
  std::vector<std::uint32_t> ids;
  for (const NodeId node : nodes) ids.push_back(plain(node));
  return ids;
}

void count(const Event& event, Summary& summary, Rings& rings) {
  if (std::holds_alternative<Sent>(event)) ++summary.sends;
  if (const auto* delivered = std::get_if<Delivered>(&event)) {
    ++summary.deliveries;
    rings[delivered->place.ring].delivered.insert(delivered->place);
  }
  const auto* installed = std::get_if<Installed>(&event);
  if (!installed) return;
  if (installed->kind == totem::Configuration::Kind::transitional) {
    ++summary.transitional;
    return;
  }
  if (summary.regular++ == 0) summary.first_ring = installed->ring.seq;
  summary.last_ring = installed->ring.seq;
  rings[installed->ring].members = installed->members;
  rings[installed->ring].installed.insert(summary.process.node);
}

// A node that started again had failed before; so had every node, unless the run was at rest when
// the recordings ended.
Summary replay(Recording& recording, bool started_again, Checker& checker, Rings& rings) {
  Summary summary;
  summary.file = recording.path();
  summary.process = recording.process();
  while (const auto event = recording.next()) {
    checker.add(summary.process, *event);
    count(*event, summary, rings);
  }
  summary.torn = recording.torn();
  summary.truncated = recording.truncated();
  if (summary.truncated) checker.add(summary.process, Truncated{});
  if (started_again) checker.fail(summary.process);
  return summary;
}

void print(const std::vector<Summary>& summaries, const Rings& rings, bool show_rings,
           const std::vector<Violation>& violations) {
  fmt::print("{:>10} {:>16} {:>9} {:>11} {:>6} {:>6}  {}\n", "node", "start", "sent", "delivered",
             "rings", "trans.", "first..last ring");
  for (const Summary& s : summaries)
    fmt::print("{:>10} {:016x} {:>9} {:>11} {:>6} {:>6}  {}..{}{}{}\n", plain(s.process.node),
               s.process.incarnation, s.sends, s.deliveries, s.regular, s.transitional,
               s.first_ring, s.last_ring, s.truncated ? "  (file full)" : "",
               s.torn ? "  (killed while writing)" : "");
  if (show_rings)
    for (const auto& [id, ring] : rings)
      fmt::print("ring {}/{}: members {}, installed by {}, {} messages\n", id.seq,
                 plain(id.representative), fmt::join(plain(ring.members), ","),
                 fmt::join(plain(ring.installed), ","), ring.delivered.size());
  for (const Violation& violation : violations)
    fmt::print("clause {}: {}\n", violation.clause, violation.text);
  fmt::print("{} recordings, {} rings, {} violations\n", summaries.size(), rings.size(),
             violations.size());
}

void print_json(const std::vector<Summary>& summaries, const Rings& rings,
                const std::vector<Violation>& violations) {
  using nlohmann::json;
  json nodes = json::array(), ring_list = json::array(), found = json::array();
  for (const Summary& s : summaries)
    nodes.push_back({{"node", plain(s.process.node)},
                     {"start", fmt::format("{:016x}", s.process.incarnation)},
                     {"file", s.file},
                     {"sends", s.sends},
                     {"deliveries", s.deliveries},
                     {"regular", s.regular},
                     {"transitional", s.transitional},
                     {"first_ring", s.first_ring},
                     {"last_ring", s.last_ring},
                     {"truncated", s.truncated},
                     {"torn", s.torn}});
  for (const auto& [id, ring] : rings)
    ring_list.push_back({{"seq", id.seq},
                         {"representative", plain(id.representative)},
                         {"members", plain(ring.members)},
                         {"installed", plain(ring.installed)},
                         {"messages", ring.delivered.size()}});
  for (const Violation& violation : violations)
    found.push_back({{"clause", violation.clause}, {"text", violation.text}});
  std::cout << json{{"recordings", nodes}, {"rings", ring_list}, {"violations", found}}.dump()
            << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Checks that recordings of gyred --record keep every guarantee of extended virtual\n"
      "synchrony. Exit status 1: they do not; 2: a recording cannot be read.\n\n"
      "  check-recordings --quiescent /tmp/run/*.record"};
  std::vector<std::string> files;
  bool quiescent = false, as_json = false, show_rings = false;
  app.add_option("FILE", files, "recordings, of every start of every node")->required();
  app.add_flag("--quiescent", quiescent, "the run was at rest when it ended, faults off");
  app.add_flag("--rings", show_rings, "list every ring");
  app.add_flag("--json", as_json, "one object");
  CLI11_PARSE(app, argc, argv);

  try {
    std::vector<Recording> recordings;
    for (const std::string& file : files) {
      Recording recording(file);
      if (recording.begun()) recordings.push_back(std::move(recording));
    }
    std::map<NodeId, std::uint64_t> last_start;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < recordings.size(); ++i) {
      order.push_back(i);
      auto& last = last_start[recordings[i].process().node];
      last = std::max(last, recordings[i].started());
    }
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(recordings[a].process().node, recordings[a].started()) <
             std::pair(recordings[b].process().node, recordings[b].started());
    });

    Checker checker;
    Rings rings;
    std::vector<Summary> summaries;
    for (const std::size_t i : order) {
      const bool again = recordings[i].started() < last_start[recordings[i].process().node];
      summaries.push_back(replay(recordings[i], again, checker, rings));
    }
    const std::vector<Violation> violations = checker.finish(quiescent);
    if (as_json)
      print_json(summaries, rings, violations);
    else
      print(summaries, rings, show_rings, violations);
    return violations.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "check-recordings: {}\n", error.what());
    return 2;
  }
}
