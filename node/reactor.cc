#include "node/reactor.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "node/link_states.hh"

namespace gyre::node {
namespace {

// What a readable descriptor stands for; clients are their number, and the transport's are their
// place among its own.
constexpr std::uint64_t of_transport = std::uint64_t{1} << 32;
constexpr std::uint64_t of_helper = std::uint64_t{1} << 33;

// While it does not sleep, the reactor asks the kernel this often whether a program that was quiet
// has something for it.
constexpr Duration look_every = std::chrono::microseconds(50);
constexpr Duration sleep_max = std::chrono::seconds(1);
constexpr Duration namesake_every = std::chrono::seconds(10);
constexpr std::uint64_t namesake_min = 16;  // in that time; a few may be forged or very late
constexpr Duration other_key_every = std::chrono::minutes(1);
constexpr const char* too_many = "too many orders wait for the ring already";
constexpr Duration nap = std::chrono::microseconds(50);  // where the device cannot wake us

}  // namespace

Reactor::Reactor(const Setup& setup)
    : setup_(setup), patience_(setup.poll, cores_of_this_thread()) {
  bool added = sleeper_.add(setup_.helper.wake_fd(), of_helper);
  std::uint64_t token = of_transport;
  for (const int fd : setup_.transport.wait_fds()) added &= sleeper_.add(fd, token++);
  if (!added) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void Reactor::run() {
  Node& node = setup_.node;
  node.start(clock_now());
  for (;;) {
    const Time now = clock_now();
    bool active = node.turn(now);
    setup_.helper.turned();
    if (setup_.helper.has_news()) active |= take_news(now);
    active |= go_on_copying(now);
    if (const auto killer = node.killed_by(); killer && leave_by_ == never) {
      setup_.log.write(now, LogLevel::error, "killed by node {}: leaving the ring",
                       static_cast<std::uint32_t>(*killer));
      leave(now);
    }
    if (now >= namesake_at_ || !node.has_view()) notice_namesake(now);
    if (now >= other_key_at_) notice_other_key(now);
    setup_.helper.pass_on();
    if (node.left() || now >= leave_by_) break;
    if (patience_.spent(active, now))
      sleep(now);
    else if (now >= look_at_)
      look(now, now);
    else if (!active && patience_.gives_way())
      give_way();
  }
  if (!node.left()) setup_.log.write(clock_now(), LogLevel::warning, "left without saying so");
  setup_.transport.advance(clock_now());  // the last word goes out on the other links, too
  node.end_clients();
}

bool Reactor::take_news(Time now) {
  Node& node = setup_.node;
  const Helper::News news = setup_.helper.take_news();
  if (news.reserved != 0) node.reserved(news.reserved, now);
  for (shm::Channel channel; setup_.helper.next_client(channel); channel = {}) {
    if (sleeper_.add(channel.socket.number(), channel.client, true))
      node.open_client(std::move(channel), now);
    else
      setup_.helper.take_back(std::move(channel));
  }
  for (Helper::ReadKey read; setup_.helper.next_key(read); read = {})
    node.key_read(read.ticket, std::move(read.key), read.reason.text());
  if (news.snapshot) take_snapshot(now);
  if (news.dump) node.dump(now);
  obey_all(now);
  if (news.leave) leave(now);
  return true;
}

// One after the other: while groups are being copied, the next command waits.
void Reactor::obey_all(Time now) {
  for (Command command; copying_.groups == nullptr && setup_.helper.next_command(command);)
    obey(command, now);
}

bool Reactor::go_on_copying(Time now) {
  if (copying_.groups == nullptr) return false;
  if (!setup_.node.copy_groups(*copying_.groups)) return true;
  setup_.helper.finished({copying_.number, {}});
  copying_ = {};
  obey_all(now);
  return true;
}

void Reactor::obey(const Command& command, Time now) {
  switch (command.kind) {
    case Command::Kind::copy_groups:
      copying_ = command;
      return;
    case Command::Kind::kill:
      return say(command, {.what = static_cast<std::uint8_t>(What::kill),
                           .subject = static_cast<std::uint32_t>(command.node),
                           .request = command.number,
                           .text = {}});
    case Command::Kind::reload:
      return say(command, Reload::prepare(command.number));
    case Command::Kind::rotate:
      return setup_.node.rotate(command.number, command.fingerprint, command.text.text());
    case Command::Kind::configuration_read:
      return setup_.node.configuration_read(command.number, command.text.text(), command.timers);
    case Command::Kind::votes: {
      membership::wire::Votes votes = command.votes;
      votes.request = command.number;
      if (setup_.node.ask_votes(votes)) return;
      return setup_.helper.finished({command.number, too_many});
    }
    case Command::Kind::leave:
      leave(now);
      return setup_.helper.finished({command.number, {}});
    case Command::Kind::look_at_links:
      if (setup_.links) command.links->take(*setup_.links);
      return setup_.helper.finished({command.number, {}});
    case Command::Kind::reenable_links:
      if (setup_.links) setup_.links->reenable();
      return setup_.helper.finished({command.number, {}});
    case Command::Kind::gather:
      setup_.node.gather(now);
      return setup_.helper.finished({command.number, {}});
  }
}

// The node answers when it has come to something.
void Reactor::say(const Command& command, const membership::wire::Word& word) {
  if (!setup_.node.say(word)) setup_.helper.finished({command.number, too_many});
}

void Reactor::leave(Time now) {
  if (leave_by_ != never) return;
  leave_by_ = now + setup_.leave_max;
  setup_.node.leave(now);
}

void Reactor::take_snapshot(Time now) {
  Snapshot page;
  setup_.node.snapshot(page, now);
  for (std::size_t i = 1; i < refusal_count; ++i)
    page.add("header", text(static_cast<Refusal>(i)).data(),
             setup_.transport.refused(static_cast<Refusal>(i)));
  const StampCounters& stamps = setup_.transport.stamp_counters();
  page.add("header", "copied", stamps.copied);
  page.add("header", "dropped_no_buffer", stamps.dropped_no_buffer);
  page.add("header", "dropped_too_long", stamps.dropped_too_long);
  page.add("header", "challenges", stamps.challenges);
  page.add("header", "answers", stamps.answers);
  page.add("header", "reports", stamps.reports);
  page.add("header", "proved", stamps.proved);
  page.add("header", "new_boots", stamps.new_boots);
  if (setup_.links) add_links(page);
  setup_.page.write(page);
  setup_.helper.snapshot_taken();
}

void Reactor::add_links(Snapshot& page) const {
  for (Snapshot::Member& entry : std::span(page.members).first(page.known_count))
    for (std::size_t link = 0; link < setup_.links->links(); ++link)
      if (entry.addresses[link] == Address{})
        entry.addresses[link] = setup_.links->learned(entry.member.node, link);
  constexpr std::array groups = {"link0", "link1", "link2", "link3",
                                 "link4", "link5", "link6", "link7"};
  for (std::size_t link = 0; link < setup_.links->links(); ++link) {
    const TransportCounters& device = setup_.links->device(link).counters();
    const Redundant::LinkCounters& counters = setup_.links->link_counters(link);
    page.add(groups[link], "faulty", setup_.links->health().at_fault(link));
    page.add(groups[link], "sent", device.sent);
    page.add(groups[link], "received", device.received);
    page.add(groups[link], "sent_bytes", device.sent_bytes);
    page.add(groups[link], "received_bytes", device.received_bytes);
    page.add(groups[link], "skipped", counters.skipped);
    page.add(groups[link], "probes_sent", counters.probes_sent);
    page.add(groups[link], "probes_refused", counters.probes_refused);
  }
}

void Reactor::sleep(Time now) {
  if (!setup_.node.arm()) return;
  Time until = std::min({setup_.node.deadline(), leave_by_, now + sleep_max});
  if (!setup_.transport.limits().can_wait) until = std::min(until, now + nap);
  look(now, std::max(until, now));
}

// Two nodes with one id drop each other's frames and confuse everyone else. The one that comes
// later, and has not seen a view yet, goes.
void Reactor::notice_namesake(Time now) {
  const std::uint64_t frames = setup_.transport.refused(Refusal::own_id);
  if (!setup_.node.has_view()) {
    if (frames > 0)
      throw std::runtime_error(fmt::format(
          "another node is already node {}: give this one a nodeid of its own in the configuration",
          static_cast<std::uint32_t>(setup_.self)));
    return;
  }
  if (frames - namesake_frames_ >= namesake_min)
    setup_.log.write(now, LogLevel::error, "another node says that it is node {} too",
                     static_cast<std::uint32_t>(setup_.self));
  namesake_frames_ = frames;
  namesake_at_ = now + namesake_every;
}

// A node that started with the key that the others have dropped, or with that which they are to
// have. It says the same of us.
void Reactor::notice_other_key(Time now) {
  const std::uint64_t frames = setup_.transport.refused(Refusal::other_key);
  if (std::exchange(other_key_frames_, frames) == frames) return;
  other_key_at_ = now + other_key_every;
  setup_.log.write(now, LogLevel::warning,
                   "frames come that are sealed with another key, of node {} as they say: are the "
                   "key files of the two the same?",
                   static_cast<std::uint32_t>(setup_.transport.stamp_counters().other_key_from));
}

void Reactor::look(Time now, Time until) {
  look_at_ = now + look_every;
  patience_.preempted(preemptions_of_this_thread(), now);
  for (const Sleeper::Ready& ready : sleeper_.sleep(now, until)) {
    if (ready.token < of_transport)
      setup_.node.woken(static_cast<std::uint32_t>(ready.token), ready.hung_up, now);
    else if (setup_.links && ready.token < of_helper)
      setup_.links->readable(ready.token - of_transport);
  }
}

}  // namespace gyre::node
