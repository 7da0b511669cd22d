// Where local programs come in and ask: who is there, what they asked and what they are told.
//
// A program says hello, and goes on to the reactor if it wants rings. A question waits for a
// snapshot that was taken after it came, and is then answered by its topic: at once, by the
// reactor, or over and over. Belongs to the helper thread, and waits for nobody: who says but half
// a hello is looked at again, and an answer lies here until its reader takes it, within bounds of
// size and time.
#pragma once

#include <poll.h>

#include <vector>

#include "node/log.hh"
#include "node/topic.hh"
#include "transport/shm/replies.hh"

namespace gyre::node {

class Desk {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t visitors_max = 64;
  static constexpr std::size_t askers_max = 128;
  static constexpr std::size_t orders_max = 128;

  struct Setup {
    shm::Listener& listener;
    LogWriter& writer;
    Topics topics;
    shm::Allow allow;                                                // who may connect
    std::function<void(shm::Descriptor, const shm::Caller&)> admit;  // it wants rings
    std::function<void(const Command&)> order;  // at most orders_max without an outcome
  };
  explicit Desk(Setup setup) : setup_(std::move(setup)) {}

  // Appends what is to be polled.
  void watch(std::vector<pollfd>& fds) const;
  // How long the poll may take.
  std::chrono::milliseconds patience(Clock::time_point now) const;
  // Whoever did something, of what watch() appended; `snapshots` were taken so far.
  void serve(std::span<const pollfd> ready, std::uint64_t snapshots, Clock::time_point now);
  // There is a new view.
  void stir() noexcept { stirred_ = true; }
  // Someone waits for a new snapshot.
  bool wants_snapshot(Clock::time_point now) const;
  // Answers those who asked before `snapshots` were taken, of which this is the last, and tells
  // the streams.
  void answer(const Snapshot& snapshot, std::uint64_t snapshots, Clock::time_point now);
  void finished(const Outcome& outcome, Clock::time_point now);
  // Whoever still waits is told that the daemon ends.
  void close();

 private:
  struct Visitor {  // connected, and has not said yet what for
    shm::Descriptor socket;
    Clock::time_point until;
    bool halting = false;  // in the midst of its hello: it is readable, and not yet worth reading
  };
  struct Asker {
    enum class State : std::uint8_t { waiting, ordered, listening, answered } state{};
    shm::Replies replies;
    std::string topic;
    std::vector<std::string> arguments;
    std::uint32_t uid = 0, pid = 0;
    std::uint64_t number = 0;  // waiting: the snapshots before; ordered: of its command
    Clock::time_point until;   // waiting, ordered: it is told so; answered: it is let go
    std::unique_ptr<Stream> stream;
  };

  void accept(Clock::time_point now);
  void note_refusal(const char* reason, Clock::time_point now);
  void receive(shm::Descriptor socket, std::uint64_t snapshots, Clock::time_point now);
  void ask(shm::Descriptor socket, const shm::Caller& caller, std::uint64_t snapshots,
           Clock::time_point now);
  void order(Asker& asker, Order& order, Clock::time_point now);
  void reply(Asker& asker, const Snapshot& snapshot, Clock::time_point now);
  void tell(Asker& asker, const Snapshot& snapshot, Clock::time_point now);
  void refuse(Asker& asker, std::string_view reason, Clock::time_point now);
  void give_up(Asker& asker, const char* reason, Clock::time_point now);
  void answered(Asker& asker, Clock::time_point now);
  bool done(Asker& asker, Clock::time_point now);

  Setup setup_;
  std::vector<Visitor> visitors_;
  std::vector<Asker> askers_;
  // What the reactor has not done yet, whether who asked for it is still there or not: it may be
  // writing into what belongs to the answer.
  std::map<std::uint64_t, std::function<std::string(const Outcome&)>> orders_;
  std::uint64_t commands_ = 0;
  Clock::time_point snapshot_at_{}, refusals_from_{};
  std::uint64_t refusals_ = 0;  // since then
  bool stirred_ = false;
};

}  // namespace gyre::node
