// The one thread for all that may block: who connects, questions, the disk, the log, signals, and
// the word to systemd.
//
// Channels and commands go to and from the reactor through queues; everything else that crosses is
// one number of which only the latest value matters. Each side wakes the other through a
// descriptor.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "node/daily.hh"
#include "node/desk.hh"
#include "node/key_file.hh"
#include "node/log.hh"
#include "node/node.hh"
#include "node/reloader.hh"
#include "node/ring_store.hh"
#include "node/spsc.hh"
#include "node/status.hh"
#include "node/votes_store.hh"
#include "transport/shm/descriptor.hh"
#include "transport/shm/handshake.hh"

namespace gyre::node {

class Helper final : public Errands {
 public:
  struct Setup {
    NodeId self{};
    std::size_t clients = 256;                      // as NodeLimits::clients
    std::size_t events_size = shm::events_default;  // client_backlog_max
    shm::Listener& listener;
    shm::Allow allow = shm::allow_own;  // who may connect
    RingStore& ring_store;
    VotesStore* votes_store = nullptr;  // who keeps votes
    Log& log;
    LogWriter& writer;
    StatusPage& page;
    Topics topics;                 // what programs may ask
    Reloader* reloader = nullptr;  // who reads the configuration anew
    KeyReader read_key = {};       // where frames are sealed
    std::string reminder{};        // said in the log once a day; empty: nothing is
    Daily daily{};
  };
  // What the reactor is told.
  struct News {
    bool leave = false;          // a signal asks the daemon to stop
    bool dump = false;           // a signal asks for the state, in the log
    bool snapshot = false;       // someone asks: write the page and call snapshot_taken()
    std::uint64_t reserved = 0;  // not 0: ring seqs up to here are on disk
  };

  // Blocks SIGTERM, SIGINT, SIGQUIT, SIGHUP and SIGUSR2 for the calling thread, and takes them from
  // then on. Throws std::system_error.
  explicit Helper(Setup setup);
  ~Helper() override;  // as stop()

  void start();
  // Says goodbye to systemd, writes what is in the log and ends the thread.
  void stop();

  // ---- for the reactor; nothing here waits ----
  int wake_fd() const noexcept { return to_reactor_.number(); }  // readable: there may be news
  bool has_news() const noexcept { return news_.load(std::memory_order_acquire); }
  News take_news() noexcept;
  bool next_client(shm::Channel& channel) noexcept { return clients_in_.pop(channel); }
  struct ReadKey {
    std::uint64_t ticket = 0;
    std::optional<ClusterKey> key;
    Reason reason;  // why there is none
  };
  bool next_key(ReadKey& read) noexcept { return keys_.pop(read); }
  bool next_command(Command& command) noexcept { return commands_.pop(command); }
  void finished(const Outcome& outcome) noexcept;
  void snapshot_taken() noexcept;
  void turned() noexcept { turns_.store(++turn_count_, std::memory_order_relaxed); }
  // Once per turn: wakes the thread if there is something for it.
  void pass_on() noexcept;

  void reserve(std::uint64_t ring_seq) override;
  void take_back(shm::Channel channel) override;
  void viewed(std::uint64_t number, std::size_t members) override;
  void answered(std::uint64_t request, std::string_view refused) override {
    finished({request, refused});
  }
  void read_configuration(std::uint64_t ticket) override { ask({ticket, Chore::read, {}}); }
  void reload_ended(std::uint64_t ticket, bool applied) override {
    ask({ticket, applied ? Chore::apply : Chore::forget, {}});
  }
  void read_key(std::uint64_t ticket, std::string_view file) override {
    ask({ticket, Chore::key, Reason(file)});
  }
  void take_back(ClusterKey key) override;
  void votes_answered(std::uint64_t request, membership::QuorumChange answer) override;
  bool keep(const membership::KeptVotes& kept) noexcept override;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void wait();
  void handle_signals();
  void admit(shm::Descriptor socket, const shm::Caller& caller);
  void order(const Command& command);
  void answer_questions();
  // What the order of the ring asks for.
  struct Chore {
    enum What : std::uint8_t { read, apply, forget, key };
    std::uint64_t ticket = 0;
    What what{};
    Reason file;
  };
  void ask(const Chore& chore) noexcept;
  void do_chores();
  void do_chore(const Chore& chore);
  template <typename Read>
  auto unwatched(Read read);
  void read_configuration_for(std::uint64_t ticket);
  void read_key_for(const Chore& chore);
  void write_log();
  void remind();
  void reserve_on_disk();
  void keep_on_disk();
  void tell_systemd();
  void tell_reactor() noexcept;

  Setup setup_;
  shm::Descriptor signals_, to_helper_, to_reactor_;
  std::thread thread_;
  std::atomic<bool> stop_{false};

  // The thread's own.
  Desk desk_;
  std::vector<pollfd> polled_;
  std::deque<std::uint32_t> free_slots_;  // the longest free first
  std::uint32_t generation_ = 0;
  std::uint64_t lost_records_ = 0, view_told_ = 0, turns_seen_ = 0, reserve_done_ = 0;
  std::uint64_t snapshot_asked_ = UINT64_MAX, snapshot_seen_ = 0;  // by how many there were before
  std::optional<membership::KeptVotes> to_keep_;
  Clock::time_point reserve_again_{}, keep_again_{}, watchdog_at_{};
  std::chrono::microseconds watchdog_{};  // zero: systemd watches nothing

  // From the reactor.
  SpscQueue<shm::Channel> clients_out_;
  SpscQueue<Outcome> outcomes_;
  SpscQueue<Chore> chores_;
  SpscQueue<std::optional<ClusterKey>> keys_out_;
  SpscQueue<membership::KeptVotes> kept_;
  std::atomic<std::uint64_t> reserve_{0}, view_{0}, view_members_{0}, snapshots_{0}, turns_{0};
  std::uint64_t turn_count_ = 0;
  bool pending_ = false;

  // To the reactor.
  SpscQueue<shm::Channel> clients_in_;
  SpscQueue<Command> commands_;
  SpscQueue<ReadKey> keys_;
  std::atomic<bool> news_{false}, leave_{false}, dump_{false}, snapshot_{false};
  std::atomic<std::uint64_t> reserved_{0};
};

}  // namespace gyre::node
