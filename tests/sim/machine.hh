// One machine: a clock that runs at a rate of its own, a disk with the file of ring seqs, and,
// while it is up, a process made of the production node, with programs around it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/node.hh"
#include "tests/sim/disk.hh"
#include "tests/sim/run.hh"

namespace gyre::sim {

class Machine final : node::Errands, node::Recorder {
 public:
  Machine(Run& run, MachineIndex index);
  ~Machine() override;

  bool up() const { return process_ != nullptr; }
  void start();
  void crash();
  // Dies in the midst of a turn, after it has had `effects` more: frames sent, events taken.
  void crash_after(std::uint64_t effects) { effects_left_ = effects; }
  // Dies when it sends frames behind the token that announced them.
  void crash_behind_token(bool dies) { ends_behind_token_ = dies; }
  void leave();
  bool leaving() const { return leaving_; }
  void pause(Time until, bool programs_too);
  // From now on it runs, whatever was to strike it.
  void stay_up();
  bool paused() const { return paused_until_ > run_.now; }
  // Its memory as far as its seal goes, which is to be put back later; at first, that of its start.
  void remember();
  void put_back();

  // What may happen to the file while the machine is down.
  void lose_file() { disk_.lose(), file_changed("its file is lost"); }
  void damage_votes();
  void damage_file() { disk_.damage(dice_.split()), file_changed("its file is damaged"); }
  void restore_old_file();

  // The operator's: a key file is there to be read; it is the one that the next start goes by; all
  // are to go by it.
  void give_key(std::size_t number) { key_files_.insert(number); }
  void place_key(std::size_t number) { key_ = number; }
  void rotate(std::size_t number);
  bool asks_for_rotation() const;  // without an answer yet
  bool seals_with(std::size_t number) const;
  bool opens(std::size_t number) const;

  void arrive(Flight&& flight);
  void turn();
  void plan();  // says in Run when it is due; after everything that may have moved that

  void rest();  // its stalled programs end, and none starts any more
  // Of all programs that are gone, the numbers were given back.
  bool has_all_numbers() const;
  // No number of a clear header was used twice, or taken for repeated that was not. Also asked when
  // it crashes.
  void check_numbers();

  // Programs of an owner's, who opens and ends them by hand. Nothing: there is no place yet.
  Program* open_program();
  Program* program(std::uint32_t number);
  void close_program(std::uint32_t number);
  // That one may act by the verdict of that number.
  bool may_act(std::uint32_t number, std::uint64_t verdict);

  // For the judge.
  const node::Node& node() const;
  node::Snapshot snapshot() const;
  void each_program(const std::function<void(Program&)>& visit);
  bool waits() const;  // a program of it does
  std::size_t frames_in_use() const;
  Time reserved_at() const;                     // when the disk will have answered
  std::uint64_t view() const { return view_; }  // the number of the last one; 0: none yet
  NodeId id() const { return Device::id(index_); }
  const std::optional<totem::RingId>& regular() const { return regular_; }
  const std::vector<NodeId>& members() const { return members_; }
  bool in_ring_of(const std::vector<NodeId>& ids) const;            // just these; ascending
  bool in_ring_with(const std::vector<NodeId>& ids) const;          // these, and perhaps others
  std::uint64_t configurations() const { return configurations_; }  // regular ones, of this start

 private:
  struct Process;

  void file_changed(const char* how);
  void reserve(std::uint64_t ring_seq) override;
  void take_back(shm::Channel channel) override;
  void viewed(std::uint64_t number, std::size_t members) override;
  void votes_answered(std::uint64_t request, membership::QuorumChange answer) override;
  void answered(std::uint64_t request, std::string_view refused) override;
  void read_key(std::uint64_t ticket, std::string_view file) override;
  bool keep(const membership::KeptVotes& kept) noexcept override {
    if (!has_effect()) return true;
    kept_ = kept;
    forgot_ = false;
    return true;
  }
  void send(const totem::Place& place, totem::Guarantee guarantee,
            std::span<const std::byte> payload) noexcept override;
  void deliver(const totem::Message& message) noexcept override;
  void configuration(const totem::Configuration& configuration) noexcept override;
  void verdict(const totem::Place& place, const membership::Verdict& verdict) noexcept override;

  void turn_daemon();
  void note_lease();
  void check_leases(const totem::RingId& ring);
  Time local() const;          // what its clock shows now
  Time true_time(Time) const;  // when it will show that
  bool has_effect();           // false from the moment of its death on
  bool transmit(NodeId to, const FrameRef& frame);
  bool node_transmits(NodeId to, std::span<const std::byte> frame);
  void received(Lane lane, const Arrival& arrival);
  void note_boot();
  void note_pause(Duration paused);
  void count_seals();
  void finish_reservation(Time clock);
  void finish_reading_key();
  void run_programs();
  void serve_programs();
  void connect(std::size_t slot);
  void end_program(std::size_t slot, check::ProgramEnd ending);
  void read_log();
  void reached(const std::string& state);
  DeviceTraits card(std::size_t wire = 0) const;
  totem::Parameters ring() const;
  membership::QuorumSettings quorum() const;
  void promise();
  void schedule(bool active);

  Run& run_;
  const MachineIndex index_;
  Dice dice_;
  const double clock_rate_;
  const Duration clock_zero_;
  Disk disk_;
  membership::KeptVotes kept_;  // on its disk
  std::size_t key_ = 0;         // likewise, in its key file
  std::set<std::size_t> key_files_;
  bool forgot_ = false;   // that is damaged
  Duration consensus_{};  // since its start

  std::unique_ptr<Process> process_;
  Time next_turn_ = never, paused_until_{};
  Time programs_at_ = never;                   // when there is something for run_programs()
  Time last_turn_{}, woken_at_ = Time::min();  // by its clock; it had not run for a while
  bool programs_paused_ = false, resting_ = false, dying_ = false, leaving_ = false;
  bool ends_behind_token_ = false, behind_token_ = false;  // in this turn
  std::uint64_t effects_left_ = 0;                         // 0: it lives
  std::optional<totem::RingId> regular_, leased_;          // leased: that it had a lease on last
  std::optional<totem::Place> placed_;  // its last message that got its place in this turn
  std::vector<NodeId> members_;
  std::uint64_t configurations_ = 0, view_ = 0;
  std::uint64_t boot_ = 0;  // of its seal, if it has one
  Time boot_since_{};
};

}  // namespace gyre::sim
