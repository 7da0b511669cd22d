#include "tests/rm/control/trial.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/digest.hh"
#include "rm/control/planning.hh"
#include "rm/control/records.hh"
#include "tests/rm/control/cluster.hh"
#include "tests/rm/control/workload.hh"

namespace gyre::rm::model {

namespace {

class Trial {
 public:
  explicit Trial(const TrialOptions& options)
      : options_(options),
        dice_(options.seed),
        fences_(options.kind == 'A'),
        partitions_(options.kind ? options.kind != 'B' : dice_.chance(0.4)),
        ignores_quorum_(partitions_ && !fences_ && dice_.chance(0.3)),
        nodes_(dice_.one_of<Node>({2, 3, 3, 5})),
        cluster_(dice_.next(),
                 {.nodes = nodes_,
                  .two_node = nodes_ == 2 && (fences_ || !partitions_),
                  .verbose = options.verbose,
                  .documents = options.documents,
                  .parts = partitions_,
                  .make_group = options.make_group},
                 {.one_copy = fences_ || !partitions_,
                  .quorum_for_starts = !ignores_quorum_,
                  .acknowledged_stays = true,
                  .fences = fences_}),
        workload_(dice_.split(), nodes_, ignores_quorum_, fences_, options.wide) {}

  Verdict run() {
    checks().set_rules(workload_.rules());
    begin();
    cluster_.troubles() = {dice_.one_of({0.0, 0.01, 0.04}), dice_.one_of({0.0, 0.0, 0.01}),
                           dice_.one_of({0.0, 0.1}),
                           options_.wide ? dice_.one_of({0.0, 0.0, 0.02}) : 0.0};
    lies_ = cluster_.troubles().lies > 0;
    hangs_ = options_.wide && dice_.chance(0.2);
    if (fences_) {
      cluster_.troubles().fence_fails = dice_.one_of({0.0, 0.0, 0.3});
      cluster_.troubles().fence_hangs = dice_.one_of({0.0, 0.0, 0.1});
      cluster_.troubles().fence_late = dice_.one_of({0.0, 0.0, 0.1});
    }
    const Duration mean = dice_.one_of({Duration(2s), Duration(5s), Duration(15s)});
    const Time end = now() + Duration(static_cast<std::int64_t>(options_.minutes * 60e9));
    while (now() < end && checks().violations().empty()) {
      cluster_.run(std::min(dice_.exponential(mean), Duration(60s)));
      for (Node node = 1; node <= nodes_; ++node) checks().lost_quorum(node);
      dice_.chance(0.5) ? change() : trouble();
    }
    if (checks().violations().empty()) calm_down();
    if (checks().violations().empty()) look_at_the_end();
    for (const auto& [clause, text] : cluster_.group().finish(checks().violations().empty()))
      checks().violated("ring " + clause, text);
    Verdict verdict;
    verdict.violations = checks().violations();
    verdict.counts = checks().counts();
    verdict.lines = cluster_.lines();
    verdict.hash = cluster_.hash() ^ cluster_.group().hash();
    verdict.summary =
        fmt::format("{} nodes, class {}{}, {:4.0f} s, {:4} plans, {:3} acknowledged", nodes_,
                    fences_       ? 'A'
                    : partitions_ ? 'C'
                                  : 'B',
                    ignores_quorum_ ? "i" : " ", cluster_.timeline().seconds(),
                    verdict.counts["plan"], verdict.counts["acknowledged"]);
    return verdict;
  }

 private:
  Checks& checks() { return cluster_.checks(); }
  Time now() { return cluster_.timeline().now(); }
  Node some_node() { return static_cast<Node>(dice_.between(1, nodes_)); }
  std::string next_mark() { return fmt::format("m{}", ++marks_); }
  bool settled(Node node) const {
    const auto* control = cluster_.control(node);
    return control && control->settled() && !cluster_.is_stalled(node);
  }

  void begin() {
    for (Node node = 1; node <= nodes_; ++node) {
      cluster_.boot(node);
      cluster_.start_process(node);
      if (dice_.chance(0.5)) cluster_.run(dice_.between(Duration(), Duration(2s)));
    }
    const auto all_settled = [this] {
      for (Node node = 1; node <= nodes_; ++node)
        if (!settled(node)) return false;
      return true;
    };
    cluster_.run(5s);
    for (int i = 0; i < 10 && !all_settled(); ++i) cluster_.run(5s);
    for (Node node = 1; node <= nodes_; ++node)
      if (!settled(node)) return checks().violated("liveness", "no settled cluster at the start");
    const auto* control = cluster_.control(1);
    cluster_.ask(1, workload_.first(control->document(), "first"), "first");
    cluster_.run(20s);
  }

  void change() {
    const Node node = some_node();
    if (!settled(node)) return;
    const std::string mark = next_mark();
    const auto message = workload_.change(cluster_.control(node)->document(), mark);
    const bool configures = std::holds_alternative<control::Configure>(message);
    if (std::holds_alternative<Cleanup>(message)) checks().forgiven();
    cluster_.ask(node, message, configures ? mark : std::string());
  }

  void later(Duration low, Duration high, std::function<void()> what) {
    cluster_.timeline().after(dice_.magnitude(low, high), [this, what = std::move(what)] {
      if (!calm_) what();
    });
  }

  void trouble() {
    if (cluster_.group().trouble()) {
      checks().count("trouble of the group");
      cluster_.trace("the group is in trouble");
      return excuse(now() + dice_.magnitude(Duration(100ms), Duration(30s)));
    }
    const Node node = some_node();
    // On the ring, whose leases are the real ones.
    if (partitions_ && options_.make_group && dice_.chance(0.2)) return part_behind_a_begin(node);
    auto chosen = dice_.below((partitions_ ? 9 : 6) + (options_.wide ? 2 : 0));
    if (!options_.wide && chosen > 3) chosen += 2;
    checks().fault(node);
    if (chosen == 0) {
      checks().count("node crash");
      cluster_.crash(node);
      come_back(node, 200ms);
      if (options_.wide && dice_.chance(0.2)) later(1s, 30s, [this, node] { confirm(node); });
    } else if (chosen <= 2) {
      checks().count("process crash");
      checks().forgiven();  // what is found running by a new one was never told to stop
      cluster_.kill_process(node);
      later(1ms, 20s, [this, node] { cluster_.start_process(node); });
    } else if (chosen == 3) {
      const bool hangs = hangs_ && dice_.chance(0.3);
      if (hangs) checks().count("process hangs");
      cluster_.stall(node, dice_.magnitude(Duration(10ms), hangs ? Duration(150s) : Duration(3s)));
    } else if (chosen == 4) {
      checks().count("executor crash");
      checks().forgiven();
      cluster_.kill_executor(node);
    } else if (chosen == 5) {
      if (settled(node) && !cluster_.is_leaving(node)) leave(node);
    } else if (chosen <= 7) {
      if (Executor* executor = cluster_.executor(node))
        if (const auto active = executor->active(); !active.empty())
          cluster_.let_die(node, active[dice_.below(active.size())]);
    } else {
      checks().count("partition");
      for (Node each = 1; each <= nodes_; ++each) {
        checks().fault(each);
        cluster_.set_side(each, static_cast<unsigned>(dice_.below(2)));
      }
      cluster_.trace("partition");
      const bool for_long = fences_ && dice_.chance(0.3);
      later(for_long ? 150s : 100ms, for_long ? 300s : 30s, [this] { heal(); });
    }
  }

  // Until it is over there is something new wrong with everybody.
  void excuse(Time until) {
    for (Node each = 1; each <= nodes_; ++each) checks().fault(each);
    if (calm_) return;
    if (now() < until)
      cluster_.timeline().after(500ms, [this, until] { excuse(until); });
    else
      cluster_.group().calm_down(false);
  }

  void come_back(Node node, Duration earliest) {
    later(earliest, 60s, [this, node] {
      cluster_.boot(node);
      later(1ms, 5s, [this, node] { cluster_.start_process(node); });
    });
  }

  // Whoever is told to go and cannot is begun anew later.
  void leave(Node node) {
    checks().count("leaves");
    cluster_.leave(node);
    later(60s, 120s, [this, node] {
      if (!cluster_.is_leaving(node)) return;
      checks().forgiven();
      cluster_.kill_process(node);
      come_back(node, 1s);
    });
  }

  // By who sees that it is off, at a node that works.
  void confirm(Node node) {
    const Node at = some_node();
    if (cluster_.is_on(node) || at == node || !settled(at)) return;
    checks().count("confirmed");
    cluster_.confirm(node, at);
  }

  // Its process learns of that only when the others may long have gone on without it.
  void part_behind_a_begin(Node node) {
    cluster_.lie_in_wait(node, [this, node] {
      if (calm_) return;
      checks().count("parted behind a begin");
      cluster_.trace(fmt::format("n{} stalls, and is parted from the others", node));
      for (Node each = 1; each <= nodes_; ++each) checks().fault(each);
      cluster_.set_side(node, 2);
      cluster_.stall(node, dice_.between(Duration(2s), Duration(6s)));
      later(7s, 30s, [this] { heal(); });
    });
  }

  void heal() {
    cluster_.trace("all reach each other");
    for (Node each = 1; each <= nodes_; ++each) {
      checks().fault(each);
      cluster_.set_side(each, 0);
    }
  }

  // All is mended, and what people had turned off is on again.
  void calm_down() {
    calm_ = true;
    cluster_.trace("calm");
    cluster_.troubles() = {};
    cluster_.group().calm_down(true);
    heal();
    for (Node node = 1; node <= nodes_; ++node) {
      cluster_.stall(node, {});
      if (cluster_.is_leaving(node)) cluster_.kill_process(node);
      cluster_.boot(node);
      cluster_.start_process(node);
    }
    cluster_.run(60s);
    if (fences_) cluster_.run(180s);
    if (fences_) checks().no_failed_stop_is_left();
    for (Node node = 1; node <= nodes_; ++node)
      if (!settled(node)) {
        checks().violated("liveness", fmt::format("n{} does not settle", node));
        return;
      }
    const auto* control = cluster_.control(1);
    const std::string mark = next_mark();
    cluster_.ask(1, workload_.repair(control->document(), mark), mark);
    for (Node node = 1; node <= nodes_; ++node)
      cluster_.ask(1, AttributeChange{fmt::format("n{}", node), "standby", std::nullopt, true}, "");
    // What an agent has lied about is found where it is looked at anew.
    cluster_.ask(1, Cleanup{.failures_only = !lies_}, "");
    cluster_.run(120s);
  }

  void look_at_the_end() {
    const std::uint64_t ordered = cluster_.group().arrived();
    cluster_.run(30s);
    if (cluster_.group().arrived() != ordered)
      checks().violated("liveness", "no end of messages, though nothing happens");
    std::string digest;
    Node coordinator = 0;
    for (Node node = 1; node <= nodes_; ++node) {
      if (!settled(node))
        return checks().violated("liveness", fmt::format("n{} is not settled at the end", node));
      const auto* control = cluster_.control(node);
      const std::string here(md5(control->document().text()).view());
      if (digest.empty()) digest = here;
      if (here != digest) checks().violated("agreement", "documents differ at the end");
      if (control->coordinates()) coordinator = node;
      if (!cluster_.executor(node)->idle())
        checks().violated("liveness", fmt::format("n{}: operations or outcomes are left", node));
      for (const std::string& key : cluster_.executor(node)->known())
        if (!control::is_recorded(control->cib(), fmt::format("n{}", node), key))
          checks().violated("recurs", fmt::format("on n{}, and nobody knows: {}", node, key));
    }
    if (coordinator == 0) return checks().violated("liveness", "nobody coordinates at the end");
    const auto* control = cluster_.control(coordinator);
    cluster_.trace(control->document().text());
    const std::string graph = control::make_plan(control->cib(), cluster_.seconds());
    checks().count("fixpoint");
    if (graph.find("<synapse") != std::string::npos) {
      cluster_.trace(graph);
      checks().violated("fixpoint", "a plan is left at the end");
    }
    for (const auto& [what, most] : workload_.rules().most) {
      checks().count("runs once");
      const std::size_t wanted = std::min<std::size_t>(most, nodes_);
      if (really_on(what).size() != wanted)
        checks().violated(
            "runs once", fmt::format("{} is on {} nodes at the end", what, really_on(what).size()));
    }
    for (const auto& [what, with] : workload_.rules().colocation)
      if (const auto there = really_on(with); !std::ranges::includes(there, really_on(what)))
        checks().violated("S10", fmt::format("{} is not with {} at the end", what, with));
  }

  std::set<Node> really_on(const std::string& what) const {
    const std::string resource = what.substr(0, what.find(' '));
    return what == resource ? cluster_.active_on(resource) : cluster_.promoted_on(resource);
  }

  TrialOptions options_;
  sim::Dice dice_;
  bool fences_, partitions_, ignores_quorum_;
  Node nodes_;
  Cluster cluster_;
  Workload workload_;
  std::uint64_t marks_ = 0;
  bool lies_ = false, hangs_ = false, calm_ = false;
};

}  // namespace

Verdict run_trial(const TrialOptions& options) {
  return Trial(options).run();
}

}  // namespace gyre::rm::model
