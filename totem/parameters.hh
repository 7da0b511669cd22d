// What the configuration fixes for a ring.
#pragma once

#include <algorithm>
#include <cstdint>

#include "transport/time.hh"

namespace gyre::totem {

struct Parameters {
  Duration token_loss = std::chrono::milliseconds(3000);
  Duration token_retransmit = std::chrono::milliseconds(714);
  Duration hold = std::chrono::milliseconds(561);
  Duration join = std::chrono::milliseconds(50);
  Duration send_join{};  // joins are spread over 0..send_join
  Duration consensus = std::chrono::milliseconds(3600);
  Duration merge_detect = std::chrono::milliseconds(200);
  Duration linger = std::chrono::microseconds(100);  // a lone sender waits for more; 0: never
  // Frames are spread over several links, so that a token may overtake data: its visit waits so
  // long for what is late; 0: one link, or every frame goes over all.
  Duration late_data{};
  std::uint32_t seqno_unchanged = 30;    // idle rotations before the token is held
  std::uint32_t fail_to_receive = 2500;  // rotations without progress before a node isolates itself
  std::uint32_t global_window = 0;    // frames per rotation of the whole ring; 0: what queues hold
  std::uint32_t personal_window = 0;  // frames per token visit; 0: by the global window
  std::uint32_t frame_max =
      1400;  // bytes of one frame behind the clear header: a constant of the cluster
  std::uint32_t receive_frames = 64;  // frames that this node's receive queue holds
  bool open = true;                   // nodes that no one listed may turn up (no nodelist)

  // Joins as they are sent: in each consensus time several of every node, also where the
  // configuration asks for fewer, or who is there would pass for silent.
  Duration join_interval() const noexcept { return std::min(join, consensus / 6); }
  Duration join_spread() const noexcept {
    return std::min(send_join, consensus / 4 - join_interval());
  }

  // What may change while a ring stands. What tells a lost member from a slow one stays as it is
  // (token_loss and consensus): while some members have other ones, two parts could both believe to
  // be the one that goes on. So do windows, sizes, and whether the ring is open.
  void take_timers(const Parameters& other) noexcept {
    token_retransmit = other.token_retransmit;
    hold = other.hold;
    join = other.join;
    send_join = other.send_join;
    merge_detect = other.merge_detect;
    seqno_unchanged = other.seqno_unchanged;
    fail_to_receive = other.fail_to_receive;
  }
};

}  // namespace gyre::totem
