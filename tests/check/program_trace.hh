// What the checker of programs keeps: programs, the views that some of them are in, and messages.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "tests/check/programs.hh"
#include "tests/check/trace.hh"

namespace gyre::check {

// Messages and changes of one group, in one configuration. All who are members from one entry to
// the next have seen that next one: there is but one successor.
struct GroupLog {
  struct Entry {
    std::uint64_t content = 0;
    bool message = false;
    std::optional<Position> next;
  };
  std::map<Position, Entry> entries;
  std::optional<Position> first, last;  // of those who were members before and after
  bool ended = false;                   // `last` is known, and may be nothing
};

struct ViewExit {
  totem::RingId to;
  std::vector<totem::Member> members;
  std::map<std::string, GroupLog, std::less<>> groups;
};

struct ViewTrace {
  totem::RingId ring;
  std::vector<totem::Member> members;
  std::map<std::string, GroupLog, std::less<>> groups;
  std::deque<ViewExit> exits;  // transitional configurations that lead out of it
  std::size_t trimmed_at = 0;  // messages kept when it was trimmed last
  // Incarnations of members that have had a program see it.
  std::map<NodeId, std::uint64_t> lives;
  std::map<Position, std::uint64_t> verdicts;
  // How the regular part ended for those who took one exit: the last entry of each group.
  std::map<std::pair<totem::RingId, std::string>, std::optional<Position>> regular_ends;

  const totem::Member* member(NodeId node) const;
};

struct MessageOfProgram {
  Index sender = none;
  std::string group;
  totem::Guarantee guarantee{};
  std::uint32_t length = 0;
  std::uint64_t number = 0;           // among those of its sender
  std::optional<totem::Place> place;  // where it was received
};

// A program and one group.
struct Membership {
  std::uint64_t joins = 0, answers = 0;  // asked for; stood or refused
  std::uint64_t left = 0;                // the last join after which it asked to leave
  bool member = false;
  std::vector<Peer> members, stale;  // sorted; those who did not come along into the view
  std::optional<Position> at;        // its last entry in the log
  bool from_start = false;           // it was a member when the part of the view began
  struct Sent {
    std::uint64_t hash, join;
    bool excused;
  };
  std::deque<Sent> outstanding;
};

struct ProgramTrace {
  Program id;
  bool ended = false;
  std::optional<totem::RingId> view;
  std::optional<totem::RingId> over;  // the newest ring that a transitional configuration ended
  ViewExit* exit = nullptr;           // of that view, while it is in it
  Position at;                        // the last place that it saw there
  bool follows = false;               // it knows who came along to its view from the one before
  bool narrowed = false;              // a transitional configuration came since the view
  std::vector<NodeId> along;          // who came along since
  std::uint64_t sent = 0;
  std::uint64_t verdict = 0;  // the number of its last one
  std::map<std::string, Membership, std::less<>> groups;
  std::unordered_map<Index, std::uint64_t> received;  // the last number, by sender
};

struct NodeOfPrograms {
  std::uint64_t incarnation = 0;   // its newest start that has had a program
  std::deque<std::uint64_t> held;  // messages left behind that its daemon may not have sent yet
  bool file_lost = false;          // at some time
};

struct ProgramHash {
  std::size_t operator()(const Program& program) const noexcept {
    return mixed(ProcessHash{}({program.node, program.incarnation}) ^ program.client);
  }
};

struct Programs::State {
  // What programs that ended left behind is kept while their daemon may yet send it, which may find
  // no ring for long, and then for a while: others may yet hear of it.
  static constexpr std::size_t left_behind_max = 1 << 16;
  // Messages after which a view that goes on is looked through for what all have passed.
  static constexpr std::size_t trim_after = 4096;

  Findings findings;
  std::unordered_map<Index, ProgramTrace> programs;
  std::unordered_map<Program, Index, ProgramHash> program_of;
  std::map<Peer, std::vector<Index>> starts;  // the programs that were known by this name
  std::map<totem::RingId, ViewTrace> views;
  std::unordered_map<std::uint64_t, MessageOfProgram> messages;
  std::map<std::pair<NodeId, std::uint64_t>, std::uint64_t> lines;  // (node, since) → incarnation
  std::map<NodeId, NodeOfPrograms> nodes;
  std::vector<Index> living;
  std::deque<Index> over;                 // programs, the oldest first
  std::deque<std::uint64_t> left_behind;  // their messages
  Index programs_ever = 0;

  template <typename... Arguments>
  void found(const char* clause, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    findings.add(clause, fmt::format(what, std::forward<Arguments>(arguments)...));
  }

  ProgramTrace* connected(const Program& id, const char* does);
  ViewTrace* view(const ProgramTrace& program);

  // programs.cc
  void end_part(ProgramTrace& program);
  void begin_view(ProgramTrace& program);
  void check_news(const ProgramTrace& program, std::span<const totem::Member> members,
                  const ViewNews& news);
  void drop_views();
  void forget(const GroupLog::Entry& entry);
  void bury(ProgramTrace& program);
  void forget_oldest();

  std::uint64_t number_of(std::uint64_t hash) const;

  // program_groups.cc
  void follow(ProgramTrace& program, const std::string& group, const totem::Place& place,
              std::uint64_t content, bool message);
  void trim(ViewTrace& view);
  std::optional<Position> passed(const ViewTrace& view, const std::string& group) const;
  void check_place(const ProgramTrace& program, const Membership& membership,
                   const totem::Place& place);
  void check_content(const ProgramTrace& program, const totem::Place& place, const Peer& sender,
                     std::string_view group, MessageOfProgram& message);
  void check_fifo(ProgramTrace& program, const MessageOfProgram& message);
  void take_back(const ProgramTrace& program, Membership& membership, std::uint64_t hash);
  void check_list(const ProgramTrace& program, std::string_view group, const Membership& membership,
                  std::span<const Peer> members, std::span<const Peer> joined,
                  std::span<const Peer> left);
  std::uint64_t life_of(NodeId node, const ViewTrace* view) const;
  void check_asked(const ProgramTrace& program, std::string_view group, const Peer& peer);
  void joined(Membership& membership);
  void left(const ProgramTrace& program, Membership& membership, std::string_view group);
  void refuse(Membership& membership);
  static bool awaits(const Membership& membership);
  void excuse(Membership& membership, std::uint64_t up_to);
};

inline Peer peer(const Program& program) {
  return {program.node, program.client};
}
std::string text(const Program& program);
std::string text(const Peer& peer);

}  // namespace gyre::check
