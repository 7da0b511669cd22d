#include "tests/rm/ring/group_of_nodes.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "client/gyre/event.hh"

namespace gyre::rm::model {

namespace {

using sim::Fault;

constexpr std::size_t programs = 4;  // places for one, while its earlier lives go
constexpr Duration for_ever = std::chrono::hours(10'000);
constexpr double light_loss = 0.003;  // a token that is sent again gets through
constexpr std::size_t number_size = sizeof(std::uint64_t);  // before each payload

// The ring's constants and weather as a seed of the simulator draws them, with this group's votes
// and programs.
sim::Swarm draw(std::uint64_t seed, const Group::Settings& of) {
  sim::Swarm swarm = sim::draw_swarm(seed, of.nodes);
  sim::Settings& settings = swarm.settings;
  settings.programs = programs;
  settings.habits = {.send_gap = for_ever, .groups = 1};
  settings.stall_max = std::chrono::minutes(1);
  settings.groups = {};
  settings.requests_size = settings.events_size = shm::ring_min;
  settings.strangers = 0;
  settings.namesake = settings.strange_frames = false;
  settings.votes.clear();
  settings.quorum = {.section = true, .expected_votes = of.nodes};
  settings.quorum.two_node = settings.quorum.wait_for_all = of.two_node;
  swarm.ambush = 0;
  swarm.weights = {};
  const auto weigh = [&](std::initializer_list<Fault> faults) {
    for (const Fault each : faults) swarm.weights[static_cast<std::size_t>(each)] = 1;
  };
  weigh({Fault::crash_midway, Fault::crash_behind_token});
  if (of.parts) {
    weigh({Fault::pause, Fault::partition_half, Fault::isolate, Fault::cut_one_way,
           Fault::cut_both_ways, Fault::weather_everywhere, Fault::cut_lane});
  } else {
    weigh({Fault::weather_everywhere});
    swarm.loss_max = std::min(swarm.loss_max, light_loss);
    swarm.spike_max = swarm.late_max = 0;
    settings.device.stuck = 0;
  }
  return swarm;
}

}  // namespace

GroupOfNodes::GroupOfNodes(Timeline& timeline, sim::Dice dice, Settings settings, Events events)
    : timeline_(timeline),
      dice_(dice),
      settings_(settings),
      events_(std::move(events)),
      swarm_(draw(dice_.next(), settings)),
      world_(swarm_, dice_.next()),
      faults_(world_, swarm_),
      daemons_(settings.nodes) {
  world_.run().heard = [this](const check::Program& by, const shm::Record& record) {
    const auto node = static_cast<Node>(by.node);
    if (at(node).end && at(node).end->client == by.client) hear(node, record);
  };
  calm_down(false);
}

bool GroupOfNodes::step(Time end) {
  const bool stepped = world_.step(end);
  timeline_.advance(world_.now());
  if (stepped)
    for (Node node = 1; node <= settings_.nodes; ++node) look_after(node);
  return stepped;
}

// Whether its machine has died in the midst of something, or its process was cut off.
void GroupOfNodes::look_after(Node node) {
  Daemon& daemon = at(node);
  if (daemon.on && !machine(node).up()) {
    daemon.on = false;
    daemon.end.reset();
    timeline_.after({}, [this, node] { events_.crashed(node); });
  }
  if (!daemon.end || daemon.end->client == 0 || machine(node).program(daemon.end->client)) return;
  daemon.end.reset();
  timeline_.after({}, [this, node] { events_.cut_off(node); });
}

void GroupOfNodes::power(Node node, bool on) {
  at(node).on = at(node).between_lives = false;
  at(node).end.reset();
  if (machine(node).up()) machine(node).crash();
  if (on) start(node);
}

void GroupOfNodes::start(Node node) {
  at(node).on = true;
  at(node).between_lives = false;
  machine(node).start();
  machine(node).rest();
}

// gyred alone: its node goes on, and what supervises it begins it again.
void GroupOfNodes::kill_daemon(Node node) {
  if (!at(node).on) return;
  machine(node).crash();
  at(node).on = false;
  at(node).between_lives = true;
  if (std::exchange(at(node).end, std::nullopt))
    timeline_.after({}, [this, node] { events_.cut_off(node); });
  timeline_.after(dice_.magnitude(Duration(10ms), Duration(5s)), [this, node] {
    if (at(node).between_lives) start(node);
  });
}

void GroupOfNodes::set_side(Node node, unsigned side) {
  at(node).side = side;
  cut_sides();
}

void GroupOfNodes::cut_sides() {
  world_.run().network.heal();
  for (Node from = 1; from <= settings_.nodes; ++from)
    for (Node to = 1; to <= settings_.nodes; ++to)
      if (at(from).side != at(to).side) world_.run().network.cut(from - 1, to - 1, true);
}

bool GroupOfNodes::trouble() {
  if (!dice_.chance(0.4)) return false;
  if (settings_.parts && dice_.chance(0.1))
    kill_daemon(static_cast<Node>(dice_.between(1, settings_.nodes)));
  else
    faults_.strike();
  return true;
}

// Cards that stick for a while and late copies are trouble, too, but of no instant.
void GroupOfNodes::calm_down(bool for_good) {
  if (for_good) world_.run().network.settle();
  world_.run().disk_works = for_good;
  cut_sides();
  for (Node from = 1; from <= settings_.nodes; ++from)
    for (Node to = 1; to <= settings_.nodes; ++to)
      world_.run().network.weather(from - 1, to - 1) = swarm_.calm();
  for (Node node = 1; node <= settings_.nodes; ++node)
    if (at(node).on)
      machine(node).stay_up();
    else if (at(node).between_lives)
      start(node);
}

// ---- a process of a node ----

void GroupOfNodes::join(Node node) {
  at(node).end.emplace().life = ++lives_;
  connect(node, lives_);
}

// Again and again, as long as there is no gyred, or no place with it.
void GroupOfNodes::connect(Node node, std::uint64_t life) {
  auto& end = at(node).end;
  if (!end || end->life != life) return;
  sim::Program* program = machine(node).open_program();
  if (!program) return timeline_.after(20ms, [this, node, life] { connect(node, life); });
  end->client = program->number();
  end->stream.emplace(program->name(0), client::Process{node, program->pid(), end->client});
  end->standings.join(program->name(0));
  machine(node).each_program([&](sim::Program& each) {
    if (each.number() == end->client) each.join(0, world_.now());
  });
  for (const std::string& payload : std::exchange(end->early, {})) post(node, payload);
}

void GroupOfNodes::leave(Node node) {
  const auto end = std::exchange(at(node).end, std::nullopt);
  if (end && end->client != 0) machine(node).close_program(end->client);
}

void GroupOfNodes::send(Node node, std::string payload) {
  auto& end = at(node).end;
  if (!end) return;
  if (end->client == 0)
    end->early.push_back(std::move(payload));
  else
    post(node, payload);
}

// With a number before it, for no two may be alike (check::Programs).
void GroupOfNodes::post(Node node, const std::string& payload) {
  std::vector<std::byte> numbered(number_size + payload.size());
  std::memcpy(numbered.data(), &++posted_, number_size);
  std::memcpy(numbered.data() + number_size, payload.data(), payload.size());
  machine(node).each_program([&](sim::Program& each) {
    if (each.number() == at(node).end->client) each.post(numbered, world_.now());
  });
}

// As Connection and RingBus do it.
void GroupOfNodes::hear(Node node, const shm::Record& record) {
  ProcessEnd& end = *at(node).end;
  auto event = client::read_event(record);
  if (!event)
    return violations_.push_back({"record", fmt::format("n{} is told what makes no sense", node)});
  if (auto* change = std::get_if<client::GroupChange>(&*event))
    end.standings.note(*change, {node, machine(node).program(end.client)->pid(), end.client});
  const auto meaning = end.stream->take(*event);
  timeline_.advance(world_.now());
  if (end.stream->namesake())  // what it was before is in the group still: it ends
    timeline_.after({}, [this, node, life = end.life] {
      if (!at(node).end || at(node).end->life != life) return;
      leave(node);
      events_.cut_off(node);
    });
  Arrival arrival{.event = {}, .verdict = end.stream->verdict()};
  const bool news = std::exchange(end.told, arrival.verdict) != arrival.verdict;
  if (!meaning && !news) return;
  if (meaning)
    arrival.event = std::visit(
        [](const auto& each) -> Delivery {
          if constexpr (std::is_same_v<std::decay_t<decltype(each)>, BusMessage>)
            return Said{each.place, each.sender,
                        std::make_shared<const std::string>(each.payload.substr(number_size))};
          else
            return each;
        },
        *meaning);
  ++arrived_;
  events_.arrives(node, std::move(arrival));
}

bool GroupOfNodes::has_lease(Node node, std::uint64_t verdict) const {
  const auto& end = daemons_[node - 1].end;
  return end && machine(node).may_act(end->client, verdict);
}

// Of two nodes either may, as long as it is fenced before the other does: no such record is kept.
std::optional<bool> GroupOfNodes::may_act(Node node) const {
  if (settings_.two_node) return std::nullopt;
  return world_.run().leases[node - 1] > world_.now();
}

std::optional<std::uint64_t> GroupOfNodes::ring_of(Node node) const {
  const sim::Machine& one = machine(node);
  if (!one.up() || !one.regular()) return std::nullopt;
  for (const NodeId id : one.members()) {
    const sim::Machine& other = machine(static_cast<Node>(id));
    if (!other.in_ring_of(one.members()) || other.regular() != one.regular()) return std::nullopt;
  }
  return one.regular()->seq;
}

std::vector<check::Violation> GroupOfNodes::finish(bool at_rest) {
  auto found = world_.finish(at_rest);
  found.insert(found.end(), violations_.begin(), violations_.end());
  return found;
}

std::unique_ptr<Group> make_group_of_nodes(Timeline& timeline, sim::Dice dice,
                                           Group::Settings settings, Group::Events events) {
  return std::make_unique<GroupOfNodes>(timeline, dice, settings, std::move(events));
}

}  // namespace gyre::rm::model
