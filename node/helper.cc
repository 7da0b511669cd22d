#include "node/helper.hh"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace gyre::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds socket_patience(200);  // for words that are on their way
constexpr seconds disk_again(1);
constexpr std::size_t kept_max = 8;     // the newest of them counts
constexpr std::size_t chores_max = 64;  // all but one are over, and that is not noticed yet
constexpr std::size_t keys_max = 8;

shm::Descriptor checked(int fd, const char* call) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), call);
  return shm::Descriptor(fd);
}

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR2}) sigaddset(&set, number);
  return set;
}

void drain(const shm::Descriptor& event) {
  eventfd_t count;
  ::eventfd_read(event.number(), &count);
}

// The reactor may be bound to one core and run in a real-time class; what may block wants neither.
void be_ordinary() {
  cpu_set_t all;
  std::fill_n(reinterpret_cast<unsigned char*>(&all), sizeof all, 0xff);
  ::sched_setaffinity(0, sizeof all, &all);
  const sched_param none{};
  ::pthread_setschedparam(::pthread_self(), SCHED_OTHER, &none);
  ::pthread_setname_np(::pthread_self(), "gyred-helper");
}

}  // namespace

Helper::Helper(Setup setup)
    : setup_(std::move(setup)),
      desk_({.listener = setup_.listener,
             .writer = setup_.writer,
             .topics = std::move(setup_.topics),
             .allow = std::move(setup_.allow),
             .admit = [this](auto socket, auto& caller) { admit(std::move(socket), caller); },
             .order = [this](const Command& command) { order(command); }}),
      clients_out_(setup_.clients),
      outcomes_(Desk::orders_max),
      chores_(chores_max),
      keys_out_(keys_max),
      kept_(kept_max),
      clients_in_(setup_.clients),
      commands_(Desk::orders_max + chores_max),
      keys_(keys_max) {
  const sigset_t set = our_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = checked(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
  to_helper_ = checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  to_reactor_ = checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  for (std::size_t i = 0; i < setup_.clients; ++i)
    free_slots_.push_back(static_cast<std::uint32_t>(i));
  if (std::uint64_t usec = 0; ::sd_watchdog_enabled(0, &usec) > 0)
    watchdog_ = std::chrono::microseconds(usec);
}

Helper::~Helper() {
  stop();
}

void Helper::start() {
  thread_ = std::thread([this] { run(); });
}

void Helper::stop() {
  if (!thread_.joinable()) return;
  stop_.store(true);
  ::eventfd_write(to_helper_.number(), 1);
  thread_.join();
}

// ---- the reactor's side ----

Helper::News Helper::take_news() noexcept {
  news_.store(false, std::memory_order_relaxed);
  drain(to_reactor_);
  return {.leave = leave_.exchange(false),
          .dump = dump_.exchange(false),
          .snapshot = snapshot_.exchange(false),
          .reserved = reserved_.exchange(0)};
}

void Helper::snapshot_taken() noexcept {
  snapshots_.fetch_add(1, std::memory_order_release);
  pending_ = true;
}

void Helper::reserve(std::uint64_t ring_seq) {
  reserve_.store(ring_seq, std::memory_order_release);
  pending_ = true;
}

void Helper::take_back(shm::Channel channel) {
  const bool room = clients_out_.push(std::move(channel));
  assert(room);  // it holds as many as there can be
  static_cast<void>(room);
  pending_ = true;
}

void Helper::viewed(std::uint64_t number, std::size_t members) {
  view_members_.store(members, std::memory_order_relaxed);
  view_.store(number, std::memory_order_release);
  pending_ = true;
}

void Helper::finished(const Outcome& outcome) noexcept {
  const bool room = outcomes_.push(outcome);
  assert(room);  // for as many as there can be commands
  static_cast<void>(room);
  pending_ = true;
}

// They come one after the other, each from the order of the ring: there are never many, unless a
// file is not read in time; then the node gives it up.
void Helper::ask(const Chore& chore) noexcept {
  pending_ |= chores_.push(chore);
}

void Helper::take_back(ClusterKey key) {
  pending_ |= keys_out_.push(std::optional(std::move(key)));
}

void Helper::votes_answered(std::uint64_t request, membership::QuorumChange answer) {
  Outcome outcome(request, {});
  outcome.votes = answer;
  finished(outcome);
}

void Helper::pass_on() noexcept {
  const bool words = setup_.log.take_pending();
  if (std::exchange(pending_, false) || words) ::eventfd_write(to_helper_.number(), 1);
}

// ---- the thread's side ----

void Helper::tell_reactor() noexcept {
  news_.store(true, std::memory_order_release);
  ::eventfd_write(to_reactor_.number(), 1);
}

void Helper::run() {
  be_ordinary();
  watchdog_at_ = Clock::now();
  while (!stop_.load()) {
    wait();
    drain(to_helper_);
    handle_signals();
    write_log();
    remind();
    reserve_on_disk();
    keep_on_disk();
    for (shm::Channel channel; clients_out_.pop(channel); channel = {})
      free_slots_.push_back(channel.client % static_cast<std::uint32_t>(setup_.clients));
    tell_systemd();
    do_chores();
    answer_questions();
  }
  ::sd_notify(0, "STOPPING=1");
  keep_on_disk();
  answer_questions();
  desk_.close();
  write_log();
  setup_.writer.flush();
}

// Until someone wants something, or a second has passed: several things here are due by the clock.
void Helper::wait() {
  polled_.clear();
  for (const int fd : {to_helper_.number(), signals_.number()})
    polled_.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  const std::size_t ours = polled_.size();
  desk_.watch(polled_);
  milliseconds timeout = desk_.patience(Clock::now());
  if (watchdog_.count() > 0)
    timeout = std::min(timeout, std::chrono::duration_cast<milliseconds>(watchdog_ / 6));
  ::poll(polled_.data(), polled_.size(), static_cast<int>(timeout.count()));
  desk_.serve(std::span(polled_).subspan(ours), snapshots_.load(std::memory_order_acquire),
              Clock::now());
}

void Helper::handle_signals() {
  signalfd_siginfo info;
  while (::read(signals_.number(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGHUP) {
      setup_.writer.reopen();
      continue;
    }
    if (info.ssi_signo == SIGUSR2) {
      dump_.store(true);
    } else {
      setup_.writer.write(LogLevel::info, fmt::format("signal {} from pid {}: leaving the ring",
                                                      info.ssi_signo, info.ssi_pid));
      leave_.store(true);
    }
    tell_reactor();
  }
}

void Helper::admit(shm::Descriptor socket, const shm::Caller& caller) {
  if (free_slots_.empty()) {
    const auto reason = fmt::format("{} programs are connected, which is all", setup_.clients);
    return shm::refuse(socket, reason, socket_patience);
  }
  // Numbers come again only after 2^32 / clients connections, so that one that is gone is not
  // mistaken for its successor.
  const std::uint32_t slot = free_slots_.front();
  const auto clients = static_cast<std::uint32_t>(setup_.clients);
  generation_ = generation_ % (UINT32_MAX / clients - 1) + 1;
  const shm::Offer offer{.node = static_cast<std::uint32_t>(setup_.self),
                         .client = generation_ * clients + slot,
                         .requests_size = shm::requests_default,
                         .events_size = setup_.events_size};
  shm::Channel channel = shm::welcome(std::move(socket), caller, offer, socket_patience);
  free_slots_.pop_front();
  const bool room = clients_in_.push(std::move(channel));
  assert(room);  // it holds as many as there are slots
  static_cast<void>(room);
  tell_reactor();
}

void Helper::order(const Command& command) {
  const bool room = commands_.push(command);
  assert(room);  // for as many as can be without an outcome
  static_cast<void>(room);
  tell_reactor();
}

void Helper::do_chores() {
  for (std::optional<ClusterKey> key; keys_out_.pop(key);) key.reset();
  for (Chore next; chores_.pop(next);) do_chore(next);
}

void Helper::do_chore(const Chore& chore) {
  if (chore.what == Chore::key) return read_key_for(chore);
  if (!setup_.reloader) return;
  if (chore.what == Chore::read) return read_configuration_for(chore.ticket);
  setup_.reloader->end(chore.what == Chore::apply);
  desk_.stir();  // whoever tracks a key
}

// A name server or a disk may take longer than systemd waits for a sign of life, and on all nodes
// at once.
template <typename Read>
auto Helper::unwatched(Read read) {
  constexpr std::chrono::microseconds reading = std::chrono::minutes(10);
  const auto set_watchdog = [&](std::chrono::microseconds time) {
    if (watchdog_.count() > 0)
      ::sd_notify(0, fmt::format("WATCHDOG_USEC={}", time.count()).c_str());
  };
  set_watchdog(std::max(watchdog_, reading));
  auto result = read();
  set_watchdog(watchdog_);
  return result;
}

void Helper::read_configuration_for(std::uint64_t ticket) {
  const Reloader::Reading reading = unwatched([&] { return setup_.reloader->read(); });
  Command command{.kind = Command::Kind::configuration_read, .number = ticket};
  if (!reading.refused.empty())
    command.text = Reason(
        fmt::format("node {}: {}", static_cast<std::uint32_t>(setup_.self), reading.refused));
  command.timers = reading.timers;
  if (commands_.push(command)) tell_reactor();  // without room the reload is given up, as above
}

void Helper::read_key_for(const Chore& chore) {
  const std::string file(chore.file.text());
  ReadKey read = unwatched([&]() -> ReadKey {
    try {
      return {chore.ticket, setup_.read_key(file), {}};
    } catch (const std::exception& error) {
      setup_.writer.write(LogLevel::warning, error.what());
      std::string_view reason = error.what();
      if (reason.starts_with(file + ": ")) reason.remove_prefix(file.size() + 2);  // all know it
      return {chore.ticket, {}, Reason(reason)};
    }
  });
  if (keys_.push(std::move(read))) tell_reactor();
}

void Helper::answer_questions() {
  const auto now = Clock::now();
  for (Outcome outcome; outcomes_.pop(outcome);) {
    do_chores();  // the outcome may be that of a reload which came just now, too
    desk_.finished(outcome, now);
  }
  const std::uint64_t snapshots = snapshots_.load(std::memory_order_acquire);
  if (std::exchange(snapshot_seen_, snapshots) != snapshots) {
    Snapshot snapshot;
    while (!setup_.page.read(snapshot)) std::this_thread::yield();
    desk_.answer(snapshot, snapshots, now);
  }
  if (!desk_.wants_snapshot(now) || snapshot_asked_ == snapshots) return;
  snapshot_asked_ = snapshots;
  snapshot_.store(true);
  tell_reactor();
}

void Helper::write_log() {
  for (LogRecord record; setup_.log.next(record);) setup_.writer.write(record);
  if (const std::uint64_t lost = setup_.log.dropped(); lost != lost_records_)
    setup_.writer.write(LogLevel::warning,
                        fmt::format("{} log records were lost", lost - lost_records_));
  lost_records_ = setup_.log.dropped();
}

void Helper::remind() {
  if (!setup_.reminder.empty() && setup_.daily.due(Time(Clock::now().time_since_epoch())))
    setup_.writer.write(LogLevel::warning, setup_.reminder);
}

bool Helper::keep(const membership::KeptVotes& kept) noexcept {
  const bool taken = kept_.push(kept);
  pending_ |= taken;
  return taken;
}

// The newest only.
void Helper::keep_on_disk() {
  for (membership::KeptVotes next; kept_.pop(next);) to_keep_ = next;
  const auto now = Clock::now();
  if (!to_keep_ || !setup_.votes_store || now < keep_again_) return;
  try {
    setup_.votes_store->keep(*to_keep_);
    to_keep_.reset();
  } catch (const std::system_error& error) {
    keep_again_ = now + disk_again;
    setup_.writer.write(LogLevel::error,
                        fmt::format("votes cannot be kept for a restart: {}", error.what()));
  }
}

void Helper::reserve_on_disk() {
  const std::uint64_t wanted = reserve_.load(std::memory_order_acquire);
  const auto now = Clock::now();
  if (wanted <= reserve_done_ || now < reserve_again_) return;
  try {
    reserve_done_ = setup_.ring_store.reserve(wanted);
    reserved_.store(reserve_done_);
    tell_reactor();
  } catch (const std::system_error& error) {
    reserve_again_ = now + disk_again;
    setup_.writer.write(
        LogLevel::error,
        fmt::format("no ring can be formed: its number cannot be kept: {}", error.what()));
  }
}

// Ready when the first view stands; alive as long as the reactor turns.
void Helper::tell_systemd() {
  if (const std::uint64_t view = view_.load(std::memory_order_acquire); view != view_told_) {
    const std::uint64_t members = view_members_.load(std::memory_order_relaxed);
    ::sd_notify(0, fmt::format("{}STATUS=view {}, {} members", view_told_ == 0 ? "READY=1\n" : "",
                               view, members)
                       .c_str());
    view_told_ = view;
    desk_.stir();
  }
  const auto now = Clock::now();
  if (watchdog_.count() == 0 || now < watchdog_at_) return;
  const std::uint64_t turns = turns_.load(std::memory_order_relaxed);
  if (turns == turns_seen_) return;
  turns_seen_ = turns;
  watchdog_at_ = now + watchdog_ / 3;
  ::sd_notify(0, "WATCHDOG=1");
}

}  // namespace gyre::node
