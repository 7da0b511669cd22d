#include "tests/traces/player.hh"

#include <fmt/format.h>

#include <algorithm>

#include "tests/traces/frame_text.hh"

namespace gyre::test {

using namespace std::chrono_literals;

namespace {

// A window of a few frames, so that a long message on a page takes more than one visit.
totem::Parameters parameters() {
  totem::Parameters quick = Simulation::quick();
  quick.global_window = 8;
  return quick;
}

}  // namespace

Player::Player(std::size_t nodes) : simulation_(nodes, 1, parameters()) {
  simulation_.weather.delay_min = simulation_.weather.delay_max = 100us;
  simulation_.observer = this;
  simulation_.drop = [this](std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
    return loses(from, to, bytes);
  };
}

void Player::write(std::size_t node, std::string what) {
  page_.add(simulation_.now(), node + 1, "", std::move(what));
}

void Player::show(const std::string& kind, bool shown) {
  if (shown)
    hidden_.erase(kind);
  else
    hidden_.insert(kind);
}

void Player::when(std::string event, std::function<void()> action) {
  actions_.emplace(std::move(event), std::move(action));
}

void Player::happened(const std::string& event) {
  while (auto due = actions_.extract(event)) due.mapped()();
}

void Player::pause(std::size_t node, Duration span) {
  write(node, fmt::format("pauses for {} ms", span / 1ms));
  simulation_.pause(node, span);
}

void Player::spread(Duration late_data) {
  totem::Parameters spread = parameters();
  spread.late_data = late_data;
  for (std::size_t node = 0; node < simulation_.size(); ++node) simulation_.configure(node, spread);
}

bool Player::run_until(const std::function<bool()>& done) {
  return simulation_.run_until(done, 1s);
}

void Player::let_through() {
  for (const Kept& kept : std::exchange(kept_, {})) {
    page_.add(simulation_.now(), kept.from + 1, fmt::format("> {}", kept.to + 1),
              text_of(kept.bytes) + " (late)");
    simulation_.inject(kept.from, kept.to, kept.bytes, 100us);
  }
}

std::optional<Player::Rule::Fate> Player::fate_of(std::size_t from, std::size_t to) const {
  if (!simulation_.reaches(from, to)) return Rule::Fate::lost;
  for (const auto& [only, fate] : fates_)
    if (only.value_or(to) == to) return fate;
  return std::nullopt;
}

bool Player::loses(std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
  const auto fate = fate_of(from, to);
  if (!fate) return false;
  if (*fate != Rule::Fate::lost) kept_.push_back({from, to, {bytes.begin(), bytes.end()}});
  return *fate != Rule::Fate::copied;
}

void Player::sends(std::size_t from, const Send& send) {
  const auto bytes = send.frame.bytes();
  const std::string kind(kind_of(bytes));
  happened(fmt::format("{} sends {}", from + 1, kind));
  if (!simulation_.up(from)) return;
  fates_.clear();
  for (Rule& rule : rules_) {
    if (!rule.matches(from, kind)) continue;
    if (rule.to && !simulation_.addressed(from, send, *rule.to)) continue;
    fates_.emplace_back(rule.to, rule.fate);
    --rule.left;
  }
  std::string reached, lost, note;
  for (std::size_t to = 0; simulation_.size() > to; ++to) {
    if (!simulation_.up(to) || !simulation_.addressed(from, send, to)) continue;
    const auto fate = fate_of(from, to);
    (!fate || fate == Rule::Fate::copied ? reached : lost) += fmt::format(" {}", to + 1);
    if (fate == Rule::Fate::held_back) note = " (held back)";
    if (fate == Rule::Fate::copied) note = " (and again later)";
  }
  if (hidden_.contains(kind) && fates_.empty()) return;
  if (reached.empty() && lost.empty()) reached = " -";
  std::string where = reached.empty() ? "" : ">" + reached;
  if (!lost.empty()) where += (where.empty() ? "x" : " x") + lost;
  page_.add(simulation_.now(), from + 1, where, text_of(bytes) + note);
}

void Player::enters(std::size_t node, const totem::Transition& transition) {
  std::string what = fmt::format("{}: {}", text(transition.to), text(transition.reason));
  if (transition.cause != NodeId::none)
    what += fmt::format(" ({})", static_cast<std::uint32_t>(transition.cause));
  write(node, std::move(what));
  happened(fmt::format("{} enters {}", node + 1, text(transition.to)));
}

void Player::installs(std::size_t node, const totem::Configuration& configuration) {
  const bool regular = configuration.kind == totem::Configuration::Kind::regular;
  std::string what = regular ? "view " + text_of(configuration.ring)
                             : "transitional from " + text_of(configuration.previous);
  what += ":";
  for (const auto& member : configuration.members)
    what += fmt::format(" {}", static_cast<std::uint32_t>(member.node));
  write(node, std::move(what));
}

void Player::delivers(std::size_t node, const totem::Message& message) {
  const std::string_view payload(reinterpret_cast<const char*>(message.payload.data()),
                                 message.payload.size());
  if (message.barrier && hidden_.contains("barrier")) return;
  const auto sender = static_cast<std::uint32_t>(message.sender);
  write(node, message.barrier
                  ? fmt::format("delivers {} barrier of {}", text_of(message.place), sender)
                  : fmt::format("delivers {} {} of {}", text_of(message.place), text_of(payload),
                                sender));
  happened(fmt::format("{} delivers {}", node + 1, payload.substr(0, payload.find(padding))));
}

void Player::ends(std::size_t node) {
  write(node, "is down");
  happened(fmt::format("{} ends", node + 1));
}

std::vector<std::string> Player::violations() {
  simulation_.run(30ms);
  const bool drained = run_until([&] { return simulation_.drained(); });
  simulation_.run(30ms);
  std::vector<std::string> found;
  for (const auto& [clause, text] : simulation_.finish(drained))
    found.push_back(clause + ": " + text);
  return found;
}

}  // namespace gyre::test
