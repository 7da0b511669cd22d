#include "node/desk.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds visitor_patience(5);       // to say the first word
constexpr milliseconds halting_every(5);     // with who has said but half of it
constexpr milliseconds hello_patience(200);  // for words that are there
constexpr seconds reactor_patience(2);       // with a snapshot
constexpr seconds command_patience(30);      // with what the whole ring has to agree on
constexpr seconds reader_patience(5);        // with who does not read its answer
// Anyone may connect and be refused, as often as he likes: that many lines in that time say it.
constexpr seconds refusals_time(10);
constexpr std::uint64_t refusals_told = 10;
constexpr std::size_t stream_max = 64 << 20;  // bytes that wait for one listener

std::vector<std::string> words_of(std::string_view question) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= question.size();) {
    const std::size_t end = std::min(question.find('\0', at), question.size());
    words.emplace_back(question.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace

void Desk::watch(std::vector<pollfd>& fds) const {
  const int listener = visitors_.size() < visitors_max ? setup_.listener.fd() : -1;
  fds.push_back({.fd = listener, .events = POLLIN, .revents = 0});
  for (const Visitor& visitor : visitors_)
    fds.push_back(
        {.fd = visitor.halting ? -1 : visitor.socket.number(), .events = POLLIN, .revents = 0});
  for (const Asker& asker : askers_) {
    const short writing = asker.replies.pending() > 0 ? POLLOUT : 0;
    fds.push_back(
        {.fd = asker.replies.fd(), .events = static_cast<short>(POLLIN | writing), .revents = 0});
  }
}

milliseconds Desk::patience(Clock::time_point now) const {
  milliseconds patience = seconds(1);
  for (const Visitor& visitor : visitors_)
    if (visitor.halting) patience = halting_every;
  for (const Asker& asker : askers_) {
    if (asker.state != Asker::State::listening) patience = std::min(patience, milliseconds(100));
    if (!asker.stream || asker.stream->every() == milliseconds()) continue;
    const auto due = std::chrono::ceil<milliseconds>(snapshot_at_ + asker.stream->every() - now);
    patience = std::clamp(due, milliseconds(1), patience);
  }
  return patience;
}

void Desk::serve(std::span<const pollfd> ready, std::uint64_t snapshots, Clock::time_point now) {
  const auto first_visitor = ready.begin() + 1, first_asker = first_visitor + visitors_.size();
  // From the back, so that the places in front keep their descriptors.
  for (std::size_t i = askers_.size(); i-- > 0;) {
    Asker& asker = askers_[i];
    const bool hung_up = first_asker[i].revents & ~POLLOUT && asker.replies.hung_up();
    if (hung_up || done(asker, now)) askers_.erase(askers_.begin() + static_cast<long>(i));
  }
  for (std::size_t i = visitors_.size(); i-- > 0;) {
    const bool spoke = visitors_[i].halting || first_visitor[i].revents != 0;
    const bool whole = spoke && shm::hello_is_there(visitors_[i].socket);
    visitors_[i].halting = spoke && !whole;
    if (!whole && now < visitors_[i].until) continue;
    shm::Descriptor socket = std::move(visitors_[i].socket);
    visitors_.erase(visitors_.begin() + static_cast<long>(i));
    if (whole) receive(std::move(socket), snapshots, now);
  }
  accept(now);
}

// Who may not connect takes no place among those who may.
void Desk::accept(Clock::time_point now) {
  for (std::size_t i = 0; i < visitors_max && visitors_.size() < visitors_max; ++i) try {
      shm::Descriptor socket = setup_.listener.accept();
      if (!socket) return;
      shm::check_caller(socket, setup_.allow, hello_patience);
      visitors_.push_back({std::move(socket), now + visitor_patience});
    } catch (const std::exception& error) {
      note_refusal(error.what(), now);
    }
}

// A program has said what it wants; a misfit costs it the connection and us a line in the log.
void Desk::receive(shm::Descriptor socket, std::uint64_t snapshots, Clock::time_point now) try {
  const shm::Caller caller = shm::read_hello(socket, setup_.allow, hello_patience);
  if (caller.kind == shm::Caller::Kind::client) return setup_.admit(std::move(socket), caller);
  ask(std::move(socket), caller, snapshots, now);
} catch (const std::exception& error) {
  note_refusal(error.what(), now);
}

void Desk::note_refusal(const char* reason, Clock::time_point now) {
  if (now - refusals_from_ >= refusals_time) {
    if (refusals_ > refusals_told)
      setup_.writer.write(LogLevel::warning,
                          fmt::format("{} more programs were refused", refusals_ - refusals_told));
    refusals_from_ = now;
    refusals_ = 0;
  }
  if (++refusals_ <= refusals_told)
    setup_.writer.write(LogLevel::warning, fmt::format("a program was refused: {}", reason));
}

void Desk::ask(shm::Descriptor socket, const shm::Caller& caller, std::uint64_t snapshots,
               Clock::time_point now) {
  std::vector<std::string> words = words_of(caller.question);
  if (!setup_.topics.contains(words.front()))
    return shm::refuse(socket, "unknown question", hello_patience);
  if (askers_.size() == askers_max)
    return shm::refuse(socket, "too many questions at once", hello_patience);
  askers_.push_back({.replies = shm::Replies(std::move(socket)),
                     .topic = std::move(words.front()),
                     .arguments = {words.begin() + 1, words.end()},
                     .uid = caller.uid,
                     .pid = caller.pid,
                     .number = snapshots,
                     .until = now + reactor_patience,
                     .stream = {}});
}

bool Desk::wants_snapshot(Clock::time_point now) const {
  return std::any_of(askers_.begin(), askers_.end(), [&](const Asker& asker) {
    if (asker.state == Asker::State::waiting) return true;
    if (asker.state != Asker::State::listening) return false;
    const milliseconds every = asker.stream->every();
    return stirred_ || (every > milliseconds() && now >= snapshot_at_ + every);
  });
}

void Desk::answer(const Snapshot& snapshot, std::uint64_t snapshots, Clock::time_point now) {
  snapshot_at_ = now;
  stirred_ = false;
  for (Asker& asker : askers_)
    if (asker.state == Asker::State::waiting && asker.number < snapshots)
      reply(asker, snapshot, now);
  for (Asker& asker : askers_)
    if (asker.state == Asker::State::listening) tell(asker, snapshot, now);
  std::erase_if(askers_, [&](Asker& asker) { return done(asker, now); });
}

void Desk::reply(Asker& asker, const Snapshot& snapshot, Clock::time_point now) try {
  const Topic& topic = setup_.topics.find(asker.topic)->second;
  Answer answer = topic(
      {.snapshot = snapshot, .arguments = asker.arguments, .uid = asker.uid, .pid = asker.pid});
  if (const auto* text = std::get_if<std::string>(&answer)) {
    asker.replies.answer(*text, true);
    answered(asker, now);
  } else if (const auto* refused = std::get_if<Refused>(&answer)) {
    refuse(asker, refused->reason, now);
  } else if (auto* wanted = std::get_if<Order>(&answer)) {
    order(asker, *wanted, now);
  } else {
    asker.state = Asker::State::listening;
    asker.stream = std::move(std::get<std::unique_ptr<Stream>>(answer));
  }
} catch (const std::exception& error) {
  give_up(asker, error.what(), now);
}

void Desk::order(Asker& asker, Order& order, Clock::time_point now) {
  if (orders_.size() == orders_max) return refuse(asker, "the data plane does not answer", now);
  asker.state = Asker::State::ordered;
  asker.number = order.command.number = ++commands_;
  asker.until = now + command_patience;
  orders_.emplace(asker.number, std::move(order.then));
  if (!order.command.groups)  // to copy them changes nothing
    setup_.writer.write(
        LogLevel::info,
        fmt::format("pid {} of uid {} asks: {}{}{}", asker.pid, asker.uid, asker.topic,
                    asker.arguments.empty() ? "" : " ", fmt::join(asker.arguments, " ")));
  setup_.order(order.command);
}

void Desk::tell(Asker& asker, const Snapshot& snapshot, Clock::time_point now) try {
  while (const auto text = asker.stream->next(snapshot)) {
    asker.replies.answer(*text, false);
    if (asker.replies.pending() > stream_max)
      return refuse(asker, "this program does not read what it asked for", now);
  }
} catch (const std::exception& error) {
  refuse(asker, error.what(), now);
}

void Desk::finished(const Outcome& outcome, Clock::time_point now) {
  const auto order = orders_.extract(outcome.number);
  if (!order) return;
  for (Asker& asker : askers_) {
    if (asker.state != Asker::State::ordered || asker.number != outcome.number) continue;
    if (!outcome.refused().empty()) return refuse(asker, outcome.refused(), now);
    try {
      asker.replies.answer(order.mapped()(outcome), true);
      return answered(asker, now);
    } catch (const std::exception& error) {
      return give_up(asker, error.what(), now);
    }
  }
}

// Ours is the fault, and the daemon goes on.
void Desk::give_up(Asker& asker, const char* reason, Clock::time_point now) {
  refuse(asker, reason, now);
  setup_.writer.write(LogLevel::warning, fmt::format("the question {} was left without answer: {}",
                                                     asker.topic, reason));
}

void Desk::refuse(Asker& asker, std::string_view reason, Clock::time_point now) {
  asker.replies.refuse(reason);
  answered(asker, now);
}

void Desk::answered(Asker& asker, Clock::time_point now) {
  asker.state = Asker::State::answered;
  asker.stream.reset();
  asker.until = now + reader_patience;
}

// Writes what it can; true when nothing is left to be done for this one.
bool Desk::done(Asker& asker, Clock::time_point now) {
  const std::size_t before = asker.replies.pending();
  if (!asker.replies.write()) return true;
  const bool all = asker.replies.pending() == 0;
  if (asker.state == Asker::State::answered) {
    if (asker.replies.pending() < before) asker.until = now + reader_patience;
    return all || now >= asker.until;
  }
  if (asker.state != Asker::State::listening && now >= asker.until) {
    const bool waiting = asker.state == Asker::State::waiting;
    refuse(asker, waiting ? "the data plane does not answer" : "the ring does not answer", now);
    return done(asker, now);
  }
  return false;
}

void Desk::close() {
  const auto now = Clock::now();
  for (Asker& asker : askers_) {
    if (asker.state != Asker::State::answered) refuse(asker, "gyred ends", now);
    asker.replies.write();
  }
  askers_.clear();
}

}  // namespace gyre::node
