// Another key for the whole cluster, while it runs, in three steps of the order.
//
//   rotate    one node asks: this file holds a key with this fingerprint
//   accepts   I have read it, and take frames that either key has sealed
//   sends     I seal with the new one, and take both
//   refuses   I have not, and why
//
// Each member says once in a view where it stands, as soon as any other has said so; that is all
// that decides. When all members of the view accept, each goes on to send; when all send, each
// drops the old key. If one refuses and nobody sends, all forget the new key. A view on the way
// asks all of its members anew: one that is new reads the file first.
//
// Two sides of a ring that broke must hear each other again. So nobody decides without all that it
// knows to have been asked: as long as one of them is away, a node takes both keys, for it cannot
// know what the other side has come to. It says that it waits, and then the others of its view do,
// too, until all are there, or somebody asks once more: then those of that view are the ones that
// count. So it holds that
//
//   whoever sends with the new key still takes the old one, and all who were asked take both;
//   when somebody drops the old key, all who were asked send with the new one;
//   when somebody forgets the new key, none of those who were asked sends with it.
//
// A node that was not asked, since it was away or has started meanwhile, does not hear those who
// send with the new key: it needs its file.
//
// Pure. The node says the words, and has the file read by somebody who may wait.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "node/reason.hh"
#include "node/words.hh"

namespace gyre::node {

class Rotation {
 public:
  static constexpr std::size_t file_max = Reason::max;  // bytes of the file's path

  enum class Stage : std::uint8_t { none, reading, accepting, sending };
  // What is to be done with the keys of this node. An other key is the one that it does not seal
  // with.
  enum class Step : std::uint8_t {
    none,
    read,    // forget the other key if there is one; then accepted() or refuse()
    forget,  // the other key: nothing comes of it
    send,    // seal with the other key
    drop,    // the other key, which was the last one: it is done
  };

  Rotation(NodeId self, std::uint64_t present) noexcept : self_(self), present_(present) {}

  static bool concerns(const membership::wire::Word& word) noexcept {
    return word.what >= static_cast<std::uint8_t>(What::rotate) &&
           word.what <= static_cast<std::uint8_t>(What::refuses);
  }
  // A program of this node asks for it. False: another one asks already.
  bool propose(std::uint64_t request, std::uint64_t fingerprint, std::string_view file) noexcept;
  // A word of `sender` has its place in the view.
  Step word(NodeId sender, const membership::wire::Word& word) noexcept;
  void view(std::uint64_t number, std::span<const totem::Member> members) noexcept;
  // What this node's program has asked for and no word has begun yet must not be.
  void withdraw(std::string_view reason) noexcept;
  // What came of reading.
  void accepted() noexcept;
  void refuse(std::string_view reason) noexcept;

  // What this node has to say. False: nothing.
  bool next(membership::wire::Word& word) const noexcept;
  void said() noexcept;

  // What this node's program has asked for has ended; or it is not to be waited for any more.
  struct Answer {
    std::uint64_t request = 0;
    Reason refused;  // empty: it is done
  };
  bool ended(Answer& answer) noexcept;
  bool give_up(Answer& answer) noexcept;

  Stage stage() const noexcept { return stage_; }
  std::uint64_t present() const noexcept { return present_; }  // fingerprint of what it seals with
  std::uint64_t wanted() const noexcept { return wanted_; }    // of the key that is to come
  std::string_view file() const noexcept { return file_.text(); }
  NodeId asked_by() const noexcept { return asked_by_; }
  std::string_view reason() const noexcept { return reason_.text(); }  // of the last refusal
  // Somebody who keeps it from going on: away, silent, refusing, or waiting for others.
  NodeId waits_for() const noexcept;

 private:
  enum class Voice : std::uint8_t { silent, refuses, accepts, sends };
  struct Voter {
    NodeId node{};
    Voice voice = Voice::silent;
    bool waits = false;
  };
  struct Proposal {
    enum class State : std::uint8_t { none, to_say, said, heard, refused, done } state{};
    std::uint64_t request = 0, fingerprint = 0;
    Reason file;
  };

  std::span<Voter> voters() noexcept { return std::span(voters_).first(voter_count_); }
  std::span<const Voter> voters() const noexcept { return std::span(voters_).first(voter_count_); }
  bool all(Voice voice) const noexcept;
  bool any(Voice voice) const noexcept;
  bool anybody_waits() const noexcept;
  bool under_way() const noexcept;
  NodeId away() const noexcept;
  void ask_all() noexcept;
  Step begin(NodeId sender, const membership::wire::Word& word) noexcept;
  Step ask(NodeId sender, std::uint64_t fingerprint, std::string_view file) noexcept;
  Step decide() noexcept;
  void end_proposal() noexcept;

  const NodeId self_;
  std::uint64_t present_, wanted_ = 0;
  Stage stage_ = Stage::none;
  Reason file_;
  Reason reason_;  // why somebody refused
  Reason own_;     // why this node did
  NodeId asked_by_{};
  std::array<NodeId, nodes_max> asked_{};  // as far as this node knows
  std::size_t asked_count_ = 0;

  std::uint32_t view_ = 0;   // its number's lower part
  std::uint64_t about_ = 0;  // which key this view speaks of; 0: of none yet
  bool spoken_ = false;      // and somebody has spoken in it
  std::array<Voter, nodes_max> voters_{};
  std::size_t voter_count_ = 0;
  Voice to_say_ = Voice::silent;
  Proposal proposal_;
};

std::string_view text(Rotation::Stage stage) noexcept;

}  // namespace gyre::node
