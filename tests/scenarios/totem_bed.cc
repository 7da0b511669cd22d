#include "tests/scenarios/totem_bed.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::test {
totem::wire::Token Sight::token() const {
  totem::wire::Token token;
  EXPECT_TRUE(totem::wire::read_token(bytes, token));
  return token;
}

totem::wire::Join Sight::join() const {
  totem::wire::Join join;
  EXPECT_TRUE(totem::wire::read_join(bytes, join));
  return join;
}

totem::wire::CommitToken Sight::commit() const {
  totem::wire::CommitToken token;
  const auto part = totem::wire::read_commit_part(bytes);
  EXPECT_TRUE(part && part->count == part->members &&
              totem::wire::read_commit_entries(bytes, *part, token));
  token.ring = part->ring;
  token.hop = part->hop;
  token.members = part->members;
  return token;
}

Bed::Frame to_bytes(const std::function<void(FrameRef&)>& write) {
  FramePool pool(1, 0, 2048, 0);
  FrameRef frame = pool.take();
  write(frame);
  return {frame.bytes().begin(), frame.bytes().end()};
}

Sight look(std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
  Sight sight{.from = from, .to = to, .type = *totem::wire::type(bytes), .bytes = bytes};
  switch (sight.type) {
    case Type::data: {
      const auto header = *totem::wire::read_data(bytes);
      sight.ring = header.ring;
      sight.seq = number(header.seq);
      sight.recovered = header.flags & totem::wire::Data::recovered;
      break;
    }
    case Type::token: {
      const auto token = sight.token();
      sight.ring = token.ring;
      sight.seq = token.token_seq;
      break;
    }
    case Type::join:
      sight.seq = sight.join().join_seq;
      break;
    case Type::commit_token: {
      const auto part = *totem::wire::read_commit_part(bytes);
      sight.ring = part.ring;
      sight.hop = part.hop;
      break;
    }
    case Type::merge_detect: {
      totem::wire::MergeDetect detect;
      EXPECT_TRUE(totem::wire::read_merge_detect(bytes, detect));
      sight.ring = detect.ring;
      break;
    }
    case Type::hold_cancel:
      sight.ring = *totem::wire::read_hold_cancel(bytes);
      break;
  }
  return sight;
}

Bed::Bed(std::size_t nodes, std::uint64_t seed, const totem::Parameters& parameters)
    : Simulation(nodes, seed, parameters), parameters_(parameters), tried_(nodes) {
  observer = this;
  tracing = true;
  drop = [this](std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
    return lose && lose(look(from, to, bytes));
  };
  late = [this](std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
    return delay ? delay(look(from, to, bytes)) : Duration{};
  };
}

void Bed::form() {
  start_all();
  ASSERT_TRUE(converges());
}

bool Bed::converges() {
  if (run_until([this] { return whole(); }, bound())) return true;
  ADD_FAILURE() << "did not come together\n" << story();
  return false;
}

void Bed::end() {
  const bool quiescent = converges() && run_until([this] { return drained(); }, 500ms);
  run(30ms);
  EXPECT_TRUE(quiescent) << "did not drain\n" << story();
  for (const auto& violation : finish(quiescent))
    if (violation.clause != excused)
      ADD_FAILURE() << violation.clause << ": " << violation.text << '\n' << story();
  for (const auto& rule : broken_) ADD_FAILURE() << rule << '\n' << story();
}

std::size_t Bed::times(std::size_t node, Reason reason) const {
  return static_cast<std::size_t>(
      std::count_if(entered_.begin(), entered_.end(), [&](const Entered& entered) {
        return entered.node == node && entered.transition.reason == reason;
      }));
}

std::size_t Bed::times(Reason reason) const {
  std::size_t count = 0;
  for (std::size_t node = 0; node < size(); ++node) count += times(node, reason);
  return count;
}

std::uint64_t Bed::sum(std::uint64_t totem::Counters::*counter) {
  std::uint64_t total = 0;
  for (std::size_t node = 0; node < size(); ++node)
    if (up(node)) total += counters(node).*counter;
  return total;
}

bool Bed::all_in(State wanted) {
  for (std::size_t node = 0; node < size(); ++node)
    if (up(node) && state(node) != wanted) return false;
  return true;
}

void Bed::say(std::size_t node, std::size_t count, std::size_t size, totem::Guarantee guarantee) {
  for (; count > 0; --count) {
    std::string text = fmt::format("{}:{} ", node + 1, ++said_);
    text.resize(std::max(size, text.size()), '.');
    submit(node, text, guarantee);
  }
}

std::string Bed::story() const {
  std::string text;
  for (std::size_t i = trace().size() > 80 ? trace().size() - 80 : 0; i < trace().size(); ++i)
    text += trace()[i] + '\n';
  return text;
}

void Bed::broken(const std::string& rule) {
  if (broken_.size() < 10) broken_.insert(rule);
}

void Bed::sends(std::size_t node, const Send& send) {
  if (send.frame.size() > parameters_.frame_max)
    broken(fmt::format("node {} sends {} bytes in one frame", node + 1, send.frame.size()));
}

// A node tries rings of growing seqs only, each of them once, and none that its disk does not know.
void Bed::enters(std::size_t node, const totem::Transition& transition) {
  entered_.push_back({now(), node, transition});
  const bool begins = transition.to == State::commit ||
                      (transition.to == State::recovery && transition.members == 1);
  if (begins) {
    if (transition.ring.seq <= tried_[node].seq)
      broken(fmt::format("node {} tries ring {} after {}", node + 1, transition.ring.seq,
                         tried_[node].seq));
    if (transition.ring.seq > disk(node))
      broken(fmt::format("node {} uses ring seq {} before it is on disk", node + 1,
                         transition.ring.seq));
    tried_[node] = transition.ring;
  }
  if (at_transition) at_transition(node, transition);
}

void Bed::installs(std::size_t node, const totem::Configuration& configuration) {
  Happened event{.node = node,
                 .configuration = true,
                 .regular = configuration.kind == totem::Configuration::Kind::regular,
                 .ring = configuration.ring.seq};
  for (const auto& member : configuration.members) {
    event.members.push_back(static_cast<std::uint32_t>(member.node));
    event.since.push_back(member.since);
  }
  events_.push_back(std::move(event));
}

void Bed::delivers(std::size_t node, const totem::Message& message) {
  events_.push_back({.node = node,
                     .barrier = message.barrier,
                     .ring = message.place.ring.seq,
                     .payload = {reinterpret_cast<const char*>(message.payload.data()),
                                 std::min<std::size_t>(message.payload.size(), 24)}});
}

void Bed::ends(std::size_t node) {
  tried_[node] = {};
}

}  // namespace gyre::test
