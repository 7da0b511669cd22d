// Joins and commit tokens of three nodes, written by hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "totem/parameters.hh"
#include "totem/wire.hh"
#include "transport/frame.hh"
#include "transport/time.hh"

namespace gyre::check {

using Ids = std::vector<unsigned>;

struct Words {
  Ids proposed, with, failed{};
  bool closed = false, leaving = false;
};

class JoinsByHand : public testing::Test {
 protected:
  using Wire = totem::wire::Join;

  FrameRef join(unsigned from, const Words& words) {
    Wire made;
    made.sender = NodeId(from);
    made.incarnation = incarnation;
    made.join_seq = ++joins;
    made.frame_max = totem::Parameters{}.frame_max;
    made.flags = static_cast<std::uint8_t>((words.closed ? Wire::closed : 0) |
                                           (words.leaving ? Wire::leaving : 0));
    const auto has = [](const Ids& ids, unsigned id) {
      return std::ranges::find(ids, id) != ids.end();
    };
    for (unsigned id = 1; id <= 3; ++id)
      if (has(words.proposed, id) || has(words.failed, id))
        made.entries[made.count++] = {
            .node = NodeId(id),
            .marks = static_cast<std::uint8_t>((has(words.with, id) ? Wire::heard : 0) |
                                               (has(words.failed, id) ? Wire::failed : 0))};
    FrameRef frame = pool.take();
    totem::wire::write_join(frame, made);
    return frame;
  }
  FrameRef commit_token(std::uint32_t hop, const totem::RingId& ring = {7, NodeId(1), 77}) {
    totem::wire::CommitToken token{.ring = ring, .hop = hop, .members = 3};
    for (unsigned i = 0; i < 3; ++i) token.entries[i].node = NodeId(i + 1);
    FrameRef frame = pool.take();
    totem::wire::write_commit_part(frame, token, 0, 3);
    return frame;
  }

  FramePool pool{16, 64, 1400, 0};
  Time now{};
  std::uint64_t joins = 0, incarnation = 1;
};

}  // namespace gyre::check
