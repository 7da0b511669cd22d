// A new configuration on all nodes or on none, at one place of the order.
//
//   prepare       one node asks; it counts if no other reload is under way
//   ready         each member has read its own file, and would go by it
//   refused       … or would not; with the reason. All go on as before
//
// When the last member is ready, all change: that place in the order is the same for all. A view
// before it ends the attempt, with nothing changed. These words are safe, and count in a
// transitional configuration, too: if the ring breaks at that very place, those that stay together
// do the same, and if anyone had the last word within the ring, everyone has it. Parts of the
// cluster that were cut off from each other before may then differ, as with any agreement; who
// asked is told so.
//
// Pure. The node says the words, and has the file read by somebody who may wait.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "membership/wire.hh"
#include "node/reason.hh"
#include "node/words.hh"

namespace gyre::node {

class Reload {
 public:
  enum class Step : std::uint8_t {
    none,
    read,    // the file: then answer() what came of it
    apply,   // what was read
    abort,   // forget it
    refuse,  // our own request, which never began
  };

  // Another one is asked for: whoever says so is answered at its end.
  static membership::wire::Word prepare(std::uint64_t request) noexcept {
    return {.what = static_cast<std::uint8_t>(What::reload_prepare),
            .subject = 0,
            .request = request,
            .text = {}};
  }
  // A word of `sender` has its place, while the view was `number` with these members.
  Step word(NodeId self, NodeId sender, const membership::wire::Word& word, std::uint64_t number,
            std::span<const totem::Member> members) noexcept;
  // Another view: whatever was under way has ended.
  Step view() noexcept;
  // What to say when the file was read for `ticket`; `reason` is empty if it is good. Nothing if
  // that reload is over.
  bool answer(std::uint64_t ticket, std::string_view reason,
              membership::wire::Word& word) const noexcept;

  // Of the one that is under way, or that the last step ended.
  std::uint64_t ticket() const noexcept { return ticket_; }
  std::uint64_t request() const noexcept { return request_; }  // of the proposer
  NodeId proposer() const noexcept { return proposer_; }
  // Why it was aborted: never empty then.
  std::string_view reason() const noexcept { return reason_.text(); }

 private:
  Step begin(NodeId sender, std::uint64_t request, std::uint64_t number,
             std::span<const totem::Member> members) noexcept;
  Step abort(std::string_view reason) noexcept;

  bool under_way_ = false;
  std::uint64_t ticket_ = 0, request_ = 0;
  NodeId proposer_ = NodeId::none;
  std::array<NodeId, nodes_max> missing_{};  // who is not ready yet
  std::size_t missing_count_ = 0;
  Reason reason_;
};

}  // namespace gyre::node
