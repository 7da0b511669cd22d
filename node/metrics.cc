#include "node/metrics.hh"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

namespace gyre::node {
namespace {

std::uint32_t number(NodeId id) {
  return static_cast<std::uint32_t>(id);
}

double seconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

// A name from the configuration may hold any bytes: what is not UTF-8 is replaced.
std::string label(const std::string& name) {
  using Json = nlohmann::json;
  const std::string quoted = Json(name).dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string escaped;
  for (const char letter : Json::parse(quoted).get<std::string>()) {
    if (letter == '\\' || letter == '"') escaped += '\\';
    escaped += letter == '\n' ? "\\n" : std::string(1, letter);
  }
  return escaped;
}

class Text {
 public:
  // All samples of a family follow it. A unit is the last part of the family's name.
  void family(const std::string& name, std::string_view type, std::string_view help,
              std::string_view unit = {}) {
    name_ = "gyre_" + name;
    text_ += fmt::format("# TYPE {} {}\n", name_, type);
    if (!unit.empty()) text_ += fmt::format("# UNIT {} {}\n", name_, unit);
    text_ += fmt::format("# HELP {} {}\n", name_, help);
  }
  template <typename Value>
  void sample(std::string_view suffix, const std::string& labels, Value value) {
    text_ += fmt::format("{}{}", name_, suffix);
    if (!labels.empty()) text_ += fmt::format("{{{}}}", labels);
    text_ += fmt::format(" {}\n", value);
  }
  template <typename Value>
  void gauge(const std::string& name, std::string_view help, Value value,
             std::string_view unit = {}) {
    family(name, "gauge", help, unit);
    sample("", "", value);
  }
  std::string end() && { return std::move(text_) + "# EOF\n"; }

 private:
  std::string name_, text_;
};

void write_node(Text& text, const Snapshot& snapshot, const StatusNames& names) {
  const auto self = names.nodes.find(snapshot.self);
  text.family("build", "info", "Version, transport and cluster of this gyred.");
  text.sample(
      "_info",
      fmt::format(R"(version="{}",transport="{}",cluster="{}",node="{}",name="{}")",
                  label(names.version), label(names.transport), label(names.cluster),
                  number(snapshot.self), self == names.nodes.end() ? "" : label(self->second.name)),
      1);
  text.gauge("uptime_seconds", "Since the data plane started.",
             seconds(snapshot.taken - snapshot.started), "seconds");
  text.gauge("operational", "1 while the node is in a ring that works, else 0.",
             std::string_view(snapshot.state) == "operational" ? 1 : 0);
  text.gauge("view", "The number of the view.", snapshot.view);
  text.gauge("view_members", "Nodes in the view.", snapshot.member_count);
  text.gauge("clients", "Programs that are connected.", snapshot.client_count);
}

// A lease that is over, or that there is none of, has nothing left.
void write_votes(Text& text, const Snapshot& snapshot) {
  const membership::Verdict& verdict = snapshot.verdict;
  text.gauge("quorate", "1 while the view is quorate, else 0.", verdict.quorate ? 1 : 0);
  text.gauge("votes", "Votes in the view.", verdict.total_votes);
  text.gauge("votes_expected", "Votes that there should be.", verdict.expected_votes);
  text.gauge("votes_needed", "Votes that make a view quorate.", verdict.quorum);
  text.gauge("lease_seconds", "How long programs of this node may act as part of a quorate side.",
             seconds(std::max(snapshot.lease, snapshot.taken) - snapshot.taken), "seconds");
}

void write_token(Text& text, const Snapshot& snapshot) {
  text.gauge("token_age_seconds", "Since the token was here last; it rests on an idle ring.",
             snapshot.token ? seconds(snapshot.taken - snapshot.token) : 0, "seconds");
  text.gauge("ring_behind_frames", "Frames that have a place and that not everyone has yet.",
             snapshot.seq - std::min(snapshot.seq, snapshot.aru));
  text.gauge("ring_backlog_frames", "Frames that wait at all members for a place.",
             snapshot.backlog);
  const Histogram& rotations = snapshot.rotations;
  text.family("rotation_seconds", "histogram", "From one visit of the token to the next.",
              "seconds");
  rotations.each_power([&](std::uint64_t bound, std::uint64_t count) {
    text.sample("_bucket", fmt::format("le=\"{}\"", seconds(bound)), count);
  });
  text.sample("_bucket", "le=\"+Inf\"", rotations.count());
  text.sample("_count", "", rotations.count());
  text.sample("_sum", "", seconds(rotations.total()));
  text.gauge("rotation_longest_seconds", "The longest of them.", seconds(rotations.longest()),
             "seconds");
}

void write_members(Text& text, const Snapshot& snapshot, const StatusNames& names) {
  const auto each = [&](std::string_view suffix, auto value) {
    for (std::size_t i = 0; i < snapshot.known_count; ++i) {
      const Snapshot::Member& member = snapshot.members[i];
      const auto known = names.nodes.find(member.member.node);
      text.sample(suffix,
                  fmt::format(R"(node="{}",name="{}")", number(member.member.node),
                              known == names.nodes.end() ? "" : label(known->second.name)),
                  value(i, member));
    }
  };
  text.family("member", "gauge", "1: in the view. 0: it has been, and is not now.");
  each("", [&](std::size_t i, const auto&) { return i < snapshot.member_count ? 1 : 0; });
  text.family("member_joins", "counter", "How often the node came into the view.");
  each("_total", [](std::size_t, const auto& member) { return member.joins; });
  text.family("peer_frames", "counter", "Frames that came from the node.");
  each("_total", [](std::size_t, const auto& member) { return member.frames; });
  text.family("peer_silence_seconds", "gauge", "Since the last frame of the node.", "seconds");
  each("", [&](std::size_t, const auto& member) {
    return member.heard ? seconds(snapshot.taken - member.heard) : 0;
  });
}

bool is_of_link(const Snapshot::Counter& counter) {
  const std::string_view group = counter.group;
  return group.size() == 5 && group.starts_with("link");
}

// Each counter of a link is a family, with a sample for each link.
void write_links(Text& text, const Snapshot& snapshot) {
  const auto counters = std::span(snapshot.counters).first(snapshot.counter_count);
  for (const Snapshot::Counter& first : counters) {
    if (!is_of_link(first) || first.group != std::string_view("link0")) continue;
    const bool gauge = is_gauge("link", first.name);
    const std::string name = fmt::format("link_{}", first.name);
    text.family(name, gauge ? "gauge" : "counter", counter_help("link", first.name),
                name.ends_with("_bytes") ? "bytes" : "");
    for (const Snapshot::Counter& counter : counters)
      if (is_of_link(counter) && std::string_view(counter.name) == first.name)
        text.sample(gauge ? "" : "_total", fmt::format("link=\"{}\"", counter.group[4]),
                    counter.value);
  }
}

void write_counters(Text& text, const Snapshot& snapshot) {
  for (const auto& counter : std::span(snapshot.counters).first(snapshot.counter_count)) {
    if (is_of_link(counter)) continue;
    const std::string name = fmt::format("{}_{}", counter.group, counter.name);
    const std::string_view help = counter_help(counter.group, counter.name);
    const bool gauge = is_gauge(counter.group, counter.name);
    text.family(
        name, gauge ? "gauge" : "counter",
        help.empty() ? fmt::format("{}.{}", counter.group, counter.name) : std::string(help),
        name.ends_with("_bytes") ? "bytes" : "");
    text.sample(gauge ? "" : "_total", "", counter.value);
  }
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot, const StatusNames& names) {
  Text text;
  write_node(text, snapshot, names);
  write_votes(text, snapshot);
  write_token(text, snapshot);
  write_members(text, snapshot, names);
  write_links(text, snapshot);
  write_counters(text, snapshot);
  return std::move(text).end();
}

}  // namespace gyre::node
