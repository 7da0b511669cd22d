#include "node/config_quorum.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gyre::node {
namespace {

using membership::QuorumSettings;
using membership::TieBreaker;

class QuorumReader {
 public:
  explicit QuorumReader(Settings& settings) : settings_(settings) {}

  QuorumSettings read() {
    if (settings_.line("quorum") == 0) {
      without_section("there is no quorum{}");
      return quorum_;
    }
    if (!settings_.has("quorum.provider")) {
      settings_.notice("quorum", "section quorum has no effect here: it names no provider");
      without_section("quorum{} names no provider");
      return quorum_;
    }
    if (!settings_.is("quorum.provider", "corosync_votequorum"))
      settings_.refuse("quorum.provider",
                       fmt::format("provider: {} is not in this version; write corosync_votequorum",
                                   settings_.text("quorum.provider")));
    read_options();
    read_votes();
    check_two_node();
    check_shrinking();
    read_tie_breaker();
    quorum_.section = true;
    return quorum_;
  }

 private:
  static std::string path(const char* key) { return std::string("quorum.") + key; }
  bool on(const char* key) const { return settings_.number(path(key), 0) != 0; }
  std::uint32_t number(const char* key, std::uint32_t otherwise) const {
    return static_cast<std::uint32_t>(settings_.number(path(key), otherwise));
  }
  bool has_device() const { return settings_.has("quorum.device.model"); }

  // Both are in the file, and only one of them can hold.
  void contradict(bool first_on, const char* first, bool second_on, const char* second,
                  const char* why) const {
    if (first_on && second_on)
      settings_.refuse(path(first), fmt::format("{} contradicts {} (line {}): {}", first, second,
                                                settings_.line(path(second)), why));
  }

  void without_section(const char* why) {
    for (const Settings::Numbered& node : settings_.nodes())
      if (const std::string key = node.path + ".quorum_votes"; settings_.has(key))
        settings_.notice(key,
                         fmt::format("nodelist.node.quorum_votes has no effect here: {}", why));
  }

  void read_options() {
    quorum_.two_node = on("two_node");
    quorum_.last_man_standing = on("last_man_standing");
    quorum_.allow_downscale = on("allow_downscale");
    quorum_.expected_votes_tracking = on("expected_votes_tracking") || quorum_.allow_downscale;
    quorum_.wait_for_all =
        settings_.has("quorum.wait_for_all") ? on("wait_for_all") : quorum_.two_node;
    using std::chrono::milliseconds;
    quorum_.last_man_standing_window = milliseconds(number("last_man_standing_window", 10'000));
    quorum_.device_timeout = milliseconds(number("device.timeout", 10'000));
    quorum_.device_master_wins = has_device() && on("device.master_wins");
    constexpr const char* one_vote = "the device's vote decides between the sides";
    contradict(has_device(), "device", quorum_.two_node, "two_node", one_vote);
    contradict(has_device(), "device", on("auto_tie_breaker"), "auto_tie_breaker", one_vote);
    contradict(has_device(), "device", quorum_.last_man_standing, "last_man_standing", one_vote);
    contradict(has_device(), "device", quorum_.allow_downscale, "allow_downscale", one_vote);
  }

  void read_votes() {
    const auto& nodes = settings_.nodes();
    std::uint64_t listed = 0;
    for (const Settings::Numbered& node : nodes) listed += listed_votes(settings_, node);
    if (!nodes.empty() && listed == 0) settings_.refuse("nodelist", "no node has a vote");
    if (listed > votes_max)
      settings_.refuse("nodelist", fmt::format("{} votes are too many", listed));
    if (!nodes.empty() && settings_.has("quorum.votes"))
      settings_.notice("quorum.votes", "quorum.votes has no effect here: the nodelist decides");
    quorum_.votes = nodes.empty() ? number("votes", 1) : 1;
    read_device_votes();
    const bool written = settings_.has("quorum.expected_votes");
    if (!written && nodes.empty())
      settings_.refuse("quorum.expected_votes",
                       "votes need expected_votes or a nodelist{}: how many there are");
    const auto all = static_cast<std::uint32_t>(listed) + quorum_.device_votes;
    const std::uint32_t expected = number("expected_votes", all);
    if (expected == 0 || expected > votes_max || expected <= quorum_.device_votes)
      settings_.refuse(
          "quorum.expected_votes",
          fmt::format("{} expected votes: there must be more than the device's {}, and "
                      "at most {}",
                      expected, quorum_.device_votes, votes_max));
    quorum_.downscale_min = expected;
    quorum_.expected_votes = std::max(expected, all);
    if (expected < all && !quorum_.allow_downscale)
      settings_.refuse("quorum.expected_votes",
                       fmt::format("expected_votes is {}, but there are {} votes: two sides could "
                                   "both be quorate",
                                   expected, all));
  }

  // By default one vote less than there are nodes, so that one node and the device are enough.
  void read_device_votes() {
    if (!has_device()) {
      if (settings_.line("quorum.device") != settings_.line("quorum"))
        settings_.notice("quorum.device",
                         "section quorum.device has no effect here: it names no model");
      return;
    }
    settings_.notice("quorum.device.model",
                     "a quorum device votes while a program registers and polls it, and none comes "
                     "with gyred");
    if (settings_.nodes().empty() && !settings_.has("quorum.device.votes"))
      settings_.refuse("quorum.device.votes", "a device without a nodelist{} needs votes");
    const std::size_t nodes = settings_.nodes().size();
    quorum_.device_votes =
        number("device.votes", static_cast<std::uint32_t>(nodes > 1 ? nodes - 1 : 1));
    if (quorum_.device_votes == 0 || quorum_.device_votes > votes_max)
      settings_.refuse("quorum.device.votes",
                       fmt::format("{} votes of a device are not possible", quorum_.device_votes));
  }

  void check_two_node() const {
    if (!quorum_.two_node) return;
    const std::size_t nodes = settings_.nodes().size();
    if (quorum_.expected_votes != 2 || nodes == 1 || nodes > 2)
      settings_.refuse("quorum.two_node",
                       fmt::format("two_node is for two nodes with one vote each, but {} votes are "
                                   "expected{}",
                                   quorum_.expected_votes,
                                   nodes == 0 ? "" : fmt::format(" of {} nodes", nodes)));
    contradict(on("auto_tie_breaker"), "auto_tie_breaker", true, "two_node",
               "with two_node each of the two is enough");
    contradict(quorum_.last_man_standing, "last_man_standing", true, "two_node",
               "with two_node each of the two is enough");
    contradict(quorum_.allow_downscale, "allow_downscale", true, "two_node",
               "with two_node each of the two is enough");
  }

  void check_shrinking() {
    if (quorum_.last_man_standing) {
      if (quorum_.expected_votes < 2)
        settings_.refuse("quorum.last_man_standing", "last_man_standing needs two nodes or more");
      for (const Settings::Numbered& node : settings_.nodes())
        if (listed_votes(settings_, node) != 1) refuse_votes(node.path + ".quorum_votes");
      if (quorum_.votes != 1) refuse_votes("quorum.votes");
    }
    for (const char* key : {"last_man_standing", "allow_downscale"}) {
      if (!on(key) || quorum_.wait_for_all) continue;
      if (settings_.has("quorum.wait_for_all"))
        settings_.refuse("quorum.wait_for_all",
                         fmt::format("wait_for_all: 0 contradicts {} (line {}): who was away while "
                                     "votes shrank would be quorate beside the others",
                                     key, settings_.line(path(key))));
      settings_.notice(path(key), fmt::format("quorum.{} switches wait_for_all on", key));
      quorum_.wait_for_all = true;
    }
  }
  void refuse_votes(const std::string& where) const {
    settings_.refuse(where, fmt::format("last_man_standing (line {}) needs one vote of each node",
                                        settings_.line("quorum.last_man_standing")));
  }

  void read_tie_breaker() {
    constexpr const char* key = "quorum.auto_tie_breaker_node";
    if (!on("auto_tie_breaker")) {
      if (settings_.has(key))
        settings_.notice(key, fmt::format("{} has no effect here: auto_tie_breaker is off", key));
      return;
    }
    const bool shrinks = quorum_.last_man_standing || quorum_.allow_downscale;
    if (quorum_.expected_votes % 2 == 1 && !shrinks)
      settings_.notice("quorum.auto_tie_breaker",
                       fmt::format("quorum.auto_tie_breaker has no effect here: {} votes have no "
                                   "half",
                                   quorum_.expected_votes));
    const std::string written = settings_.text(key, "lowest");
    quorum_.tie_breaker = written == "lowest"    ? TieBreaker::lowest
                          : written == "highest" ? TieBreaker::highest
                                                 : TieBreaker::listed;
    if (quorum_.tie_breaker == TieBreaker::listed) read_tie_breakers(key, written);
  }

  void read_tie_breakers(const char* key, const std::string& written) {
    const char* at = written.data();
    const char* end = at + written.size();
    std::size_t count = 0;
    while (at != end) {
      if (*at == ' ' || *at == '\t') {
        ++at;
        continue;
      }
      std::uint32_t id = 0;
      const auto [next, error] = std::from_chars(at, end, id);
      if (error != std::errc{} || (next != end && *next != ' ' && *next != '\t') || id == 0)
        refuse_tie_breaker(key, written);
      if (!may_be_listed(id))
        settings_.refuse(key, fmt::format("auto_tie_breaker_node: no node has the id {}", id));
      if (count == nodes_max) settings_.refuse(key, fmt::format("more than {} nodes", nodes_max));
      quorum_.tie_breakers[count++] = NodeId{id};
      at = next;
    }
    if (count == 0) refuse_tie_breaker(key, written);
  }
  [[noreturn]] void refuse_tie_breaker(const char* key, const std::string& written) const {
    settings_.refuse(key, fmt::format("Value of key \"{}\" is expected to be lowest, highest or a "
                                      "list of node ids, but \"{}\" was given",
                                      key, written));
  }
  // Ids that are not written are known later only.
  bool may_be_listed(std::uint32_t id) const {
    const auto& nodes = settings_.nodes();
    return nodes.empty() || std::ranges::any_of(nodes, [&](const Settings::Numbered& node) {
             const std::uint64_t nodeid = settings_.number(node.path + ".nodeid", 0);
             return nodeid == 0 || nodeid == id;
           });
  }

  static constexpr std::uint32_t votes_max = 1u << 30;  // two of them can be added

  Settings& settings_;
  QuorumSettings quorum_;
};

}  // namespace

membership::QuorumSettings read_quorum(Settings& settings) {
  return QuorumReader(settings).read();
}

std::uint32_t listed_votes(const Settings& settings, const Settings::Numbered& node) {
  return static_cast<std::uint32_t>(settings.number(node.path + ".quorum_votes", 1));
}

}  // namespace gyre::node
