// What gyre-exec was asked to run and has not done with: what runs next, what recurs, what is to be
// reported. Pure: the caller starts and kills agents, and says what became of them and when.
//
// Operations of one resource run one at a time, in the order in which they were asked for; one that
// names no resource (it asks an agent for its metadata) waits for nobody. Where more could run than
// may, what is done once goes before what recurs, which may have half of the places at most: agents
// that hang in their monitors never keep a stop from running.
//
// An operation that is done once has one outcome. What recurs has one whenever its result is
// another than before, and a last one, `cancelled`, when it does not recur any more. Outcomes are
// kept until they are acknowledged.
//
// A fence agent that fails is run again, as often as its device says, within its one timeout.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rm/execute/result.hh"
#include "rm/operation.hh"

namespace gyre::rm::execute {

using Time = std::chrono::steady_clock::time_point;
struct Now {
  Time time;
  std::int64_t calendar = 0;  // seconds since the epoch
};

// Of an operation, on this node, in this boot.
using Id = std::uint64_t;

struct Job {
  enum class State : std::uint8_t {
    delayed,  // until its start delay is over
    queued,
    running,
    resting,  // recurs, and is not due
    over      // but its outcome is not acknowledged
  };

  Operation operation;
  State state = State::queued;
  Time since;               // when it was queued, or begun
  std::optional<Time> due;  // when something happens to it if nothing else does before
  std::chrono::milliseconds queued{};
  std::int64_t began = 0;
  int tries_left = 1;                                   // until it has failed: of a fence device
  bool cancelled = false, timed_out = false;            // and killed for that
  std::optional<std::pair<Outcome::Status, int>> last;  // what was last reported of what recurs
  std::deque<Report> reports;                           // not acknowledged
};

// What the caller is to do, in this order. A job that a step names may be gone by then.
struct Step {
  enum class What : std::uint8_t {
    keep,     // the job is to be in the ledger as it is now
    begin,    // start its agent; then ended(), at once if it cannot be started
    kill,     // its agent's process group; then ended()
    abandon,  // its agent, which does not die
    report,   // the outcome of that serial
    forget    // it is no longer in the ledger
  };
  What what{};
  Id id{};
  std::uint64_t serial = 0;

  bool operator==(const Step&) const = default;
};

class Jobs {
 public:
  struct Limits {
    std::size_t running_max = 16;
    std::size_t jobs_max = 8192;
    std::size_t reports_max = 16;                // of one that recurs; then the last one gives way
    std::chrono::milliseconds death_max{5'000};  // of what was killed
  };

  // `first`: above every id and serial in the ledger.
  Jobs(const Limits& limits, std::uint64_t first) : limits_(limits), next_(first) {}

  // One that is known is not run again; what came of it is reported again. False: there are too
  // many.
  bool run(const Operation&, Now);
  // Kills what runs only if it recurs: anything else would be left half done, and its outcome
  // comes. False: it is not known.
  bool cancel(const std::string& key, Now);
  void acknowledge(std::uint64_t serial);
  void ended(Id, Result, Now);
  void expire(Now);
  // From the ledger of a gyre-exec that has ended. What was running is lost; what had not begun and
  // what recurs is cancelled.
  void restore(Id, Job, Now);
  // From here on nothing begins.
  void wind_down();

  // When to call expire().
  std::optional<Time> deadline() const;
  std::optional<Step> next();
  const Job* find(Id) const;
  const std::map<Id, Job>& all() const noexcept { return jobs_; }
  std::size_t running() const noexcept { return running_once_ + running_recurring_; }

 private:
  void enqueue(Id, Job&, Now);
  void begin(Id, Now);
  void begin_what_may(Now);
  bool may_succeed_yet(Job&, const Result&) const;
  void leave_line(Id, const Job&);
  void to_ready(Id);
  void kill(Id, Job&, Now);
  void finish(Id, Job&, Result, std::chrono::milliseconds ran);
  void report(Id, Job&, Result, std::chrono::milliseconds ran);
  void set_due(Id, Job&, std::optional<Time>);
  void step(Step::What what, Id id, std::uint64_t serial = 0) {
    steps_.push_back({what, id, serial});
  }

  Limits limits_;
  std::uint64_t next_;
  std::map<Id, Job> jobs_;
  std::unordered_map<std::string, Id> by_key_;
  std::map<std::uint64_t, Id> by_serial_;
  // Of each resource what is queued, the first of which may be running.
  std::unordered_map<std::string, std::deque<Id>> lines_;
  // The first of their lines, by when they came there.
  std::map<std::uint64_t, Id> ready_once_, ready_recurring_;
  std::unordered_map<Id, std::uint64_t> places_;
  std::set<std::pair<Time, Id>> dues_;
  std::deque<Step> steps_;
  std::size_t running_once_ = 0, running_recurring_ = 0;
  bool winding_down_ = false;
};

}  // namespace gyre::rm::execute
