// Plays a script on rings in one thread and writes down what they do. Every run is alike: there is
// no chance in it, and each frame takes a tenth of a millisecond.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/totem/simulation.hh"
#include "tests/traces/page.hh"

namespace gyre::test {

class Player final : public Observer {
 public:
  explicit Player(std::size_t nodes);

  // Frames that something other happens to than the usual. Nodes are numbered from 1 in scripts
  // and traces, from 0 in here.
  struct Rule {
    enum class Fate { lost, held_back, copied } fate = Fate::lost;
    std::string kind;
    std::optional<std::size_t> from, to;
    int left = 1;  // frames that it is for
    bool matches(std::size_t sender, std::string_view frame_kind) const {
      return left > 0 && kind == frame_kind && from.value_or(sender) == sender;
    }
  };
  void add_rule(Rule rule) { rules_.push_back(std::move(rule)); }
  void clear_rules() { rules_.clear(); }
  void let_through();  // what was held back or copied

  // Once, when `event` happens: "2 enters recovery", "1 sends token" (and it has not gone yet),
  // "3 delivers a", "2 ends".
  void when(std::string event, std::function<void()> action);
  void show(const std::string& kind, bool shown);
  void pause(std::size_t node, Duration span);
  void spread(Duration late_data);  // over several links, from the next start of a node on
  // False: `done` did not come true in a second.
  bool run_until(const std::function<bool()>& done);

  Simulation& simulation() { return simulation_; }
  std::vector<std::string> take_trace() { return page_.take(); }
  // Lets the run come to its end and asks the checker.
  std::vector<std::string> violations();

 private:
  void sends(std::size_t from, const Send& send) override;
  void enters(std::size_t node, const totem::Transition& transition) override;
  void installs(std::size_t node, const totem::Configuration& configuration) override;
  void delivers(std::size_t node, const totem::Message& message) override;
  void ends(std::size_t node) override;

  bool loses(std::size_t from, std::size_t to, std::span<const std::byte> bytes);
  std::optional<Rule::Fate> fate_of(std::size_t from, std::size_t to) const;
  void write(std::size_t node, std::string what);
  void happened(const std::string& event);

  struct Kept {
    std::size_t from, to;
    std::vector<std::byte> bytes;
  };
  Simulation simulation_;
  Page page_;
  std::vector<Rule> rules_;
  std::vector<std::pair<std::optional<std::size_t>, Rule::Fate>> fates_;  // of the frame being sent
  std::vector<Kept> kept_;
  std::multimap<std::string, std::function<void()>> actions_;
  std::set<std::string> hidden_{"token", "barrier", "merge_detect"};
};

}  // namespace gyre::test
