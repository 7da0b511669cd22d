#include "bench/ring_end.hh"

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "transport/udp/address.hh"

namespace gyre::bench {
namespace {

constexpr Duration look_every = std::chrono::microseconds(50);  // as the reactor does
constexpr Duration sleep_max = std::chrono::milliseconds(1);

totem::Parameters for_the_pool(std::size_t payload_max) {
  totem::Parameters parameters = never_idle(payload_max);
  parameters.receive_frames = UINT32_MAX;
  return parameters;
}

std::size_t frames_needed(std::size_t payload_max) {
  return node::Node::frames_needed(for_the_pool(payload_max),
                                   {.burst_max = udp::Device::burst_max});
}

}  // namespace

totem::Parameters never_idle(std::size_t payload_max) {
  totem::Parameters parameters;
  parameters.token_loss = std::chrono::seconds(5);
  parameters.token_retransmit = std::chrono::seconds(1);
  parameters.consensus = std::chrono::seconds(6);
  parameters.seqno_unchanged = UINT32_MAX;
  parameters.frame_max = static_cast<std::uint32_t>(payload_max - header_size);
  parameters.open = false;
  return parameters;
}

RingEnd::RingEnd(const LinkSettings& link, int which, node::Poll poll)
    : pool_(frames_needed(link.payload_max), header_size, link.payload_max - header_size, 0),
      transport_(open_link(link, which, 1, pool_)),
      patience_(poll, cores()) {
  for (const int fd : transport_->wait_fds())
    if (!sleeper_.add(fd, 0)) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  totem::Parameters parameters = never_idle(link.payload_max);
  parameters.receive_frames = static_cast<std::uint32_t>(transport_->limits().receive_frames);
  const auto& other = link.addresses[static_cast<std::size_t>(1 - which)];
  const node::ListedPeer peer{NodeId(2 - which), {udp::to_address(other)}};
  const StampIdentity identity = stamp_identity(which, 1);
  node_ = std::make_unique<node::Node>(node::Node::Setup{
      .transport = *transport_,
      .pool = pool_,
      .errands = errands_,
      .log = log_,
      .parameters = parameters,
      .identity = {.self = identity.self, .incarnation = identity.boot, .seed = identity.boot},
      .listed = {&peer, 1},
      .limits = {}});
}

Time RingEnd::turn() {
  const Time now = node::clock_now();
  if (!std::exchange(started_, true)) node_->start(now);
  const bool active = node_->turn(now);
  if (const std::uint64_t reserve = errands_.take_reserve()) node_->reserved(reserve, now);
  if (patience_.spent(active, now)) {
    patience_.preempted(node::preemptions_of_this_thread(), now);
    if (node_->arm()) sleeper_.sleep(now, std::clamp(node_->deadline(), now, now + sleep_max));
  } else if (now >= look_at_) {
    look_at_ = now + look_every;
    sleeper_.sleep(now, now);
  }
  return now;
}

void RingEnd::rotate(Partner& partner, std::size_t count, std::vector<double>& rotations) {
  constexpr Duration patience = std::chrono::seconds(60);
  Time before{}, give_up = node::clock_now() + patience;
  std::uint64_t seen = tokens();
  for (bool first = true; count > 0;) {
    const Time now = turn();
    if (now > give_up) throw std::runtime_error("the ring of two does not turn");
    if (tokens() == seen) continue;
    if ((tokens() & 1023) == 0) partner.check();
    seen = tokens();
    give_up = now + patience;
    if (!std::exchange(first, false)) {
      rotations.push_back(static_cast<double>((now - before).count()));
      --count;
    }
    before = now;
  }
}

void RingEnd::follow(const Control& control) {
  while (control.phase() == Phase::ring) turn();
}

}  // namespace gyre::bench
