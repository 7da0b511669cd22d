#include "tests/explore/world.hh"

#include <algorithm>

namespace gyre::test {
namespace {

using namespace std::chrono_literals;

// Short timers, and few turns of an idle token: what happens while one waits is not worth
// exploring.
totem::Parameters parameters() {
  totem::Parameters parameters = Simulation::quick();
  parameters.token_loss = 10ms;
  parameters.token_retransmit = 3ms;
  parameters.hold = 2ms;
  parameters.join = 3ms;
  parameters.consensus = 12ms;
  parameters.merge_detect = 4ms;
  parameters.seqno_unchanged = 3;
  parameters.receive_frames = 16;
  return parameters;
}

constexpr Duration delay = 50us, soon = 1ms, late = 40ms, long_delay = 30ms;
constexpr Duration nap = 6ms, pause = 15ms;

Duration span_of(Fault::Kind kind) {
  if (kind == Fault::Kind::nap) return nap;
  if (kind == Fault::Kind::pause) return pause;
  return kind == Fault::Kind::delay_long ? long_delay : Duration();
}

}  // namespace

Duration World::bound() {
  return 5 * (parameters().token_loss + parameters().consensus);
}

World::World(std::size_t nodes, std::vector<Fault> faults)
    : simulation_(nodes, 1, parameters()), faults_(std::move(faults)) {
  simulation_.weather.delay_min = simulation_.weather.delay_max = delay;
  simulation_.observer = this;
  simulation_.drop = [this](std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
    return loses(from, to, bytes);
  };
}

void World::run(Duration span) {
  run_until([] { return false; }, span);
}

bool World::start_due() {
  const auto due = std::find_if(restarts_.begin(), restarts_.end(), [&](const Restart& restart) {
    return restart.when <= simulation_.now();
  });
  if (due == restarts_.end()) return false;
  const std::size_t node = due->node;
  restarts_.erase(due);
  start(node);
  disturbed_ = std::max(disturbed_, simulation_.now());
  return true;
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Time end = simulation_.now() + limit;
  for (;;) {
    while (start_due()) {
    }
    Time next = end;
    for (const Restart& restart : restarts_) next = std::min(next, restart.when);
    const std::size_t known = restarts_.size();
    const auto stop = [&] { return done() || restarts_.size() != known; };
    simulation_.run_until(stop, next - simulation_.now());
    if (done()) return true;
    if (simulation_.now() >= end) return false;
  }
}

void World::start(std::size_t node) {
  if (!simulation_.up(node)) simulation_.start(node);
}

void World::crash(std::size_t node) {
  if (simulation_.up(node)) simulation_.crash(node);
}

void World::leave(std::size_t node) {
  if (simulation_.up(node)) simulation_.leave(node);
}

void World::submit(std::size_t node, std::string_view payload, totem::Guarantee guarantee) {
  if (simulation_.up(node)) simulation_.submit(node, payload, guarantee);
}

void World::fired_now(Duration span) {
  ++fired_;
  fired_at_ = points_;
  disturbed_ = std::max(disturbed_, simulation_.now() + span);
}

void World::sends(std::size_t from, const Send&) {
  if (!counting_) return;
  for (const Fault& fault : faults_) {
    if (!fault.at_frame() || fault.point != points_.frames) continue;
    using Kind = Fault::Kind;
    const bool is_soon =
        fault.kind == Kind::crash_before_soon || fault.kind == Kind::crash_after_soon;
    restarts_.push_back({simulation_.now() + (is_soon ? soon : late), from});
    if (fault.kind == Kind::crash_before_soon || fault.kind == Kind::crash_before_late)
      simulation_.crash(from);
    else
      crash_after_ = from;
    fired_now();
  }
  ++points_.frames;
}

bool World::loses(std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
  bool lost = silent_ == from && totem::wire::type(bytes) == totem::wire::Type::data;
  if (crash_after_ == from) {
    crash_after_.reset();
    simulation_.crash(from);
  }
  if (counting_ && simulation_.up(to)) {
    std::vector<Held> released;
    for (Held& held : held_)
      if (held.to == to && --held.past < 0) released.push_back(held);
    std::erase_if(held_, [](const Held& held) { return held.past < 0; });
    for (const Held& held : released)
      simulation_.inject(held.from, held.to, held.bytes, delay + 1us);
    for (const Fault& fault : faults_)
      if (!fault.at_frame() && fault.point == points_.packets) {
        lost |= strike(fault.kind, from, to, bytes);
        fired_now(span_of(fault.kind));
      }
    ++points_.packets;
  }
  return lost;
}

// True: the packet itself does not arrive.
bool World::strike(Fault::Kind kind, std::size_t from, std::size_t to,
                   std::span<const std::byte> bytes) {
  switch (kind) {
    case Fault::Kind::drop:
      return true;
    case Fault::Kind::duplicate:
      simulation_.inject(from, to, bytes, delay);
      return false;
    case Fault::Kind::delay_1:
    case Fault::Kind::delay_4:
      held_.push_back(
          {from, to, kind == Fault::Kind::delay_1 ? 0 : 3, {bytes.begin(), bytes.end()}});
      return true;
    case Fault::Kind::delay_long:
      simulation_.inject(from, to, bytes, long_delay);
      return true;
    case Fault::Kind::nap:
      simulation_.pause(to, nap);
      return false;
    default:
      simulation_.pause(to, pause);
      return false;
  }
}

std::vector<std::string> World::end() {
  disturbed_ = std::max(disturbed_, simulation_.now());
  const auto together = [&] { return restarts_.empty() && simulation_.whole(); };
  const auto drained = [&] { return restarts_.empty() && simulation_.drained(); };
  const auto within_bound = [&](const std::function<bool()>& done, Duration limit) {
    // What goes wrong meanwhile gives more time.
    while (!run_until(done, 1ms))
      if (restarts_.empty() && simulation_.now() > disturbed_ + limit) return false;
    return true;
  };
  std::vector<std::string> wrong;
  const bool converged = within_bound(together, bound());
  took_ = simulation_.now() - disturbed_;
  if (!converged) wrong.push_back("did not come together");
  const bool is_drained = converged && within_bound(drained, bound() + 100ms);
  if (converged && !is_drained) wrong.push_back("did not drain");
  counting_ = false;
  simulation_.run(20ms);
  const bool quiescent = is_drained && simulation_.whole();
  for (const auto& [clause, text] : simulation_.finish(quiescent))
    wrong.push_back(clause + ": " + text);
  return wrong;
}

}  // namespace gyre::test
