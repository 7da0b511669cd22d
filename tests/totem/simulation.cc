#include "tests/totem/simulation.hh"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>

namespace gyre::test {

using namespace std::chrono_literals;

struct Simulation::Machine {
  Machine(std::size_t number_, const totem::Parameters& parameters, const totem::Identity& identity)
      : number(number_),
        process{identity.self, identity.incarnation},
        peers(identity.self),
        pool(totem::Ring::frames_needed(parameters) + 64, 64, parameters.frame_max, 16),
        ring(parameters, identity, peers, pool) {}

  std::size_t number;
  check::Process process;
  totem::Peers peers;
  FramePool pool;
  totem::Ring ring;
  totem::Assembler assembler;
  std::deque<Packet> inbox[lane_count];
  Time next_turn{}, paused_until{};
  Time reserve_done = never;
  std::uint64_t reserve = 0;
  std::deque<std::pair<std::string, totem::Guarantee>> waiting;  // for the ring to take them
  bool offered = false;           // the first of them: a large one is taken only after delivery
  std::deque<std::string> taken;  // offered and not yet delivered back
  std::vector<NodeId> members, barrier_from;
  bool barrier_due = false, whole = false;
  bool in_turn = false, crashed = false;
  std::size_t messages_per_turn = std::numeric_limits<std::size_t>::max();
  bool full = false;  // took that many in its last turn
  std::uint64_t counter = 0;
};

Simulation::Simulation(std::size_t nodes, std::uint64_t seed, totem::Parameters parameters)
    : random(seed),
      parameters_(nodes, parameters),
      machines_(nodes),
      disk_(nodes),
      cut_(nodes, std::vector<bool>(nodes)),
      delivered_(nodes),
      packets_(parameters.global_window) {}

Simulation::~Simulation() = default;

totem::Parameters Simulation::quick() {
  totem::Parameters parameters;
  parameters.token_loss = 20ms;
  parameters.token_retransmit = 4ms;
  parameters.hold = 3ms;
  parameters.join = 2ms;
  parameters.consensus = 24ms;
  parameters.merge_detect = 5ms;
  parameters.frame_max = 1400;
  parameters.receive_frames = 64;
  return parameters;
}

void Simulation::start(std::size_t node) {
  const totem::Identity identity{
      .self = id(node), .incarnation = random(), .ring_seq = disk_[node], .seed = random()};
  machines_[node] = std::make_unique<Machine>(node, parameters_[node], identity);
  delivered_[node].clear();
  machines_[node]->next_turn = now_;
  machines_[node]->ring.start(now_);
}

void Simulation::start_all() {
  for (std::size_t i = 0; i < machines_.size(); ++i)
    if (!up(i)) start(i);
}

void Simulation::crash(std::size_t node) {
  machines_[node]->crashed = true;
  if (machines_[node]->in_turn) return;
  checker_.fail(machines_[node]->process);
  machines_[node].reset();
  if (observer) observer->ends(node);
}

void Simulation::leave(std::size_t node) {
  machines_[node]->ring.leave(now_);
  machines_[node]->next_turn = now_;
}

void Simulation::pause(std::size_t node, Duration span) {
  machines_[node]->paused_until = now_ + span;
}

void Simulation::lose_file(std::size_t node) {
  disk_[node] = 0;
  checker_.file_lost(id(node));
}

void Simulation::old_file(std::size_t node, std::uint64_t ring_seq) {
  disk_[node] = ring_seq;
  checker_.file_lost(id(node));
}

void Simulation::configure(std::size_t node, const totem::Parameters& parameters) {
  parameters_[node] = parameters;
}

void Simulation::slow(std::size_t node, std::size_t messages_per_turn) {
  machines_[node]->messages_per_turn = messages_per_turn;
}

void Simulation::cut(std::size_t from, std::size_t to, bool both) {
  cut_[from][to] = true;
  if (both) cut_[to][from] = true;
}

void Simulation::heal() {
  for (auto& row : cut_) std::fill(row.begin(), row.end(), false);
}

void Simulation::split(const std::vector<std::size_t>& side) {
  std::vector<bool> in(machines_.size());
  for (auto node : side) in[node] = true;
  for (std::size_t i = 0; i < in.size(); ++i)
    for (std::size_t j = 0; j < in.size(); ++j)
      if (in[i] != in[j]) cut_[i][j] = true;
}

bool Simulation::up(std::size_t node) const {
  return machines_[node] && !machines_[node]->crashed;
}

totem::Ring& Simulation::ring(std::size_t node) {
  return machines_[node]->ring;
}

const FramePool& Simulation::pool(std::size_t node) const {
  return machines_[node]->pool;
}

void Simulation::submit(std::size_t node, std::string_view payload, totem::Guarantee guarantee) {
  machines_[node]->waiting.emplace_back(payload, guarantee);
  machines_[node]->next_turn = std::min(machines_[node]->next_turn, now_);
}

void Simulation::run(Duration span) {
  run_until([] { return false; }, span);
}

bool Simulation::run_until(const std::function<bool()>& done, Duration limit) {
  const Time end = now_ + limit;
  while (!done()) {
    Time next = network_.empty() ? never : network_.top().when;
    for (const auto& machine : machines_)
      if (machine) next = std::min(next, std::max(machine->next_turn, machine->paused_until));
    if (next > end) {
      now_ = end;
      return false;
    }
    now_ = std::max(now_, next);
    while (!network_.empty() && network_.top().when <= now_) {
      Packet packet = network_.top();
      network_.pop();
      Machine* machine = machines_[packet.to].get();
      if (!machine) continue;
      auto& inbox = machine->inbox[static_cast<std::size_t>(packet.lane)];
      if (inbox.size() < 4 * parameters_[packet.to].receive_frames)
        inbox.push_back(std::move(packet));
      machine->next_turn = std::min(machine->next_turn, now_);
    }
    for (std::size_t i = 0; i < machines_.size(); ++i)
      if (up(i) && machines_[i]->next_turn <= now_ && machines_[i]->paused_until <= now_) turn(i);
  }
  return true;
}

// One turn of a node, in the order of the real one.
void Simulation::turn(std::size_t node) {
  Machine& machine = *machines_[node];
  machine.in_turn = true;
  for (auto& inbox : machine.inbox) {
    for (; !inbox.empty(); inbox.pop_front()) {
      const Packet& packet = inbox.front();
      FrameRef frame = machine.pool.take();
      const auto from = machine.peers.add(id(packet.from));
      if (!frame || !from) continue;
      frame.resize(packet.bytes.size());
      std::memcpy(frame.data(), packet.bytes.data(), packet.bytes.size());
      machine.ring.receive(std::move(frame), *from, now_);
    }
  }
  if (now_ >= machine.reserve_done) {
    machine.reserve_done = never;
    disk_[node] = machine.reserve;
    machine.ring.reserved(machine.reserve, now_);
  }
  submit_work(machine);
  machine.ring.expire(now_);
  if (machine.ring.output().sends.empty()) machine.ring.visit(now_);
  record_sends(machine);
  take_output(machine);
  take_events(machine);
  machine.in_turn = false;
  if (machine.crashed || machine.ring.left()) return crash(node);
  Time due = std::min(machine.ring.deadline(), machine.reserve_done);
  if (machine.full) due = std::min(due, now_ + 20us);
  machine.next_turn = std::max(now_ + 1us, due);
}

void Simulation::submit_work(Machine& machine) {
  if (machine.barrier_due) {
    const auto text = fmt::format("barrier {}", static_cast<std::uint32_t>(machine.process.node));
    const std::span<const std::byte> part = std::as_bytes(std::span(text));
    machine.barrier_due = machine.ring.submit(0, totem::Class::barrier, totem::Guarantee::agreed,
                                              {{part}}) == totem::Submitted::later;
  }
  if (chance() < workload.messages_per_turn && machine.waiting.size() < 20) {
    std::size_t size = std::uniform_int_distribution<std::size_t>(8, 400)(random);
    if (chance() < workload.large)
      size = std::uniform_int_distribution<std::size_t>(1200, workload.large_max)(random);
    std::string payload =
        fmt::format("{}.{} ", static_cast<std::uint32_t>(machine.process.node), ++machine.counter);
    payload.resize(size, static_cast<char>('a' + machine.counter % 26));
    machine.waiting.emplace_back(std::move(payload), chance() < workload.safe
                                                         ? totem::Guarantee::safe
                                                         : totem::Guarantee::agreed);
  }
  while (!machine.waiting.empty()) {
    auto& [payload, guarantee] = machine.waiting.front();
    const std::span<const std::byte> part = std::as_bytes(std::span(payload));
    if (!machine.offered) machine.taken.push_back(payload);
    machine.offered = true;
    if (machine.ring.submit(1, totem::Class::application, guarantee, {{part}}) ==
        totem::Submitted::later)
      return;
    machine.offered = false;
    machine.waiting.pop_front();
  }
}

// What got its place in this turn, as a checker wants it: whole messages.
void Simulation::record_sends(Machine& machine) {
  for (const FrameRef& frame : machine.ring.output().sequenced) {
    const auto header = *totem::wire::read_data(frame.bytes());
    const auto guarantee =
        header.flags & totem::wire::Data::safe ? totem::Guarantee::safe : totem::Guarantee::agreed;
    std::uint32_t index = 0;
    for (std::size_t offset = totem::wire::Data::size; offset < frame.size();) {
      const auto item = totem::wire::read_item(frame.data() + offset);
      offset += totem::wire::Item::size;
      std::optional<std::span<const std::byte>> payload =
          frame.bytes().subspan(offset, item.length);
      offset += item.length;
      if (item.flags & totem::wire::Item::withdrawn) continue;
      if (item.flags != totem::wire::Item::whole)
        payload = machine.assembler.add(NodeIndex::self, item.flags, *payload);
      if (payload)
        checker_.send(machine.process, {header.ring, header.seq, index++}, guarantee, *payload);
    }
  }
  machine.ring.output().sequenced.clear();
}

void Simulation::take_output(Machine& machine) {
  totem::Output& output = machine.ring.output();
  for (const auto& transition : output.transitions) {
    note(static_cast<std::uint64_t>(transition.reason));
    trace(machine, fmt::format("{:<11} {} (ring {}, {} members)", text(transition.to),
                               text(transition.reason), transition.ring.seq, transition.members));
    if (observer && !machine.crashed) observer->enters(machine.number, transition);
  }
  output.transitions.clear();
  if (output.reserve_ring_seq) {
    machine.reserve = output.reserve_ring_seq;
    machine.reserve_done = now_ + disk_delay;
    output.reserve_ring_seq = 0;
  }
  for (const Send& send : output.sends) {
    if (observer && !machine.crashed) observer->sends(machine.number, send);
    if (!machine.crashed) transmit(machine, send);
  }
  output.sends.clear();
}

bool Simulation::addressed(std::size_t from, const Send& send, std::size_t to) const {
  if (to == from) return false;
  return send.to == NodeIndex::everyone || machines_[from]->peers.id(send.to) == id(to);
}

void Simulation::transmit(const Machine& machine, const Send& send) {
  const NodeId receiver = send.to == NodeIndex::everyone ? NodeId::none : machine.peers.id(send.to);
  const auto bytes = send.frame.bytes();
  if (totem::wire::type(bytes) == totem::wire::Type::token) {
    totem::wire::Token token;
    totem::wire::read_token(bytes, token);
    packets_.received_to(machine.process, token.ring, machine.ring.received_to(token.ring));
  }
  packets_.sent(machine.process, receiver, bytes);
  for (std::size_t to = 0; to < machines_.size(); ++to) {
    if (!addressed(machine.number, send, to) || cut_[machine.number][to]) continue;
    ++frames_sent_;
    if (drop && drop(machine.number, to, bytes)) continue;
    const int copies = chance() < weather.duplication ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      if (chance() < weather.loss) continue;
      const auto spread = (weather.delay_max - weather.delay_min).count();
      Duration delay = weather.delay_min +
                       Duration(std::uniform_int_distribution<std::int64_t>(0, spread)(random));
      if (late) delay += late(machine.number, to, bytes);
      post(machine.number, to, send.lane, bytes, delay);
    }
  }
}

void Simulation::inject(std::size_t from, std::size_t to, std::span<const std::byte> bytes,
                        Duration delay) {
  const auto type = totem::wire::type(bytes);
  const bool token = type == totem::wire::Type::token || type == totem::wire::Type::commit_token;
  post(from, to, token ? Lane::token : Lane::data, bytes, delay);
}

void Simulation::post(std::size_t from, std::size_t to, Lane lane, std::span<const std::byte> bytes,
                      Duration delay) {
  network_.push({.when = now_ + delay,
                 .serial = ++serial_,
                 .from = from,
                 .to = to,
                 .lane = lane,
                 .bytes = {bytes.begin(), bytes.end()}});
}

void Simulation::take_events(Machine& machine) {
  std::size_t budget = machine.messages_per_turn;
  machine.full = false;
  for (totem::Event event;
       !machine.crashed && (budget > 0 || machine.ring.must_drain()) && machine.ring.next(event);) {
    if (const auto* configuration = std::get_if<totem::Configuration>(&event)) {
      take_configuration(machine, *configuration);
      continue;
    }
    machine.full = budget == 0 || --budget == 0;
    take_message(machine, std::get<totem::Message>(event));
  }
}

void Simulation::take_configuration(Machine& machine, const totem::Configuration& configuration) {
  checker_.configuration(machine.process, configuration);
  const bool regular = configuration.kind == totem::Configuration::Kind::regular;
  std::string names;
  for (const auto& member : configuration.members)
    names += fmt::format("{}{}", names.empty() ? "" : ",", static_cast<std::uint32_t>(member.node));
  trace(machine, fmt::format("{} {} of {}", regular ? "view" : "transitional",
                             configuration.ring.seq, names));
  note(configuration.ring.seq * 2 + regular);
  if (observer) observer->installs(machine.number, configuration);
  if (!regular) return;
  checker_.settle();
  machine.members.clear();
  for (const auto& member : configuration.members) machine.members.push_back(member.node);
  machine.barrier_from.clear();
  machine.barrier_due = true;
  machine.whole = false;
}

void Simulation::take_message(Machine& machine, const totem::Message& message) {
  checker_.deliver(machine.process, message);
  if (observer) observer->delivers(machine.number, message);
  note(message.payload.size() + number(message.place.seq));
  if (message.barrier) {
    machine.barrier_from.push_back(message.sender);
    if (machine.barrier_from.size() != machine.members.size()) return;
    machine.whole = true;
    machine.ring.open();
    return;
  }
  std::string payload(reinterpret_cast<const char*>(message.payload.data()),
                      message.payload.size());
  if (message.sender == machine.process.node) {
    if (machine.taken.empty() || machine.taken.front() != payload)
      lost_.push_back(fmt::format("node {} delivered '{:.12}' where '{:.12}' was due",
                                  machine.number + 1, payload,
                                  machine.taken.empty() ? "nothing" : machine.taken.front()));
    else
      machine.taken.pop_front();
  }
  if (tracing) trace(machine, fmt::format("deliver {:.24}", payload));
  delivered_[machine.number].push_back(std::move(payload));
}

bool Simulation::whole() const {
  const Machine* first = nullptr;
  std::size_t count = 0;
  for (const auto& machine : machines_) {
    if (!machine) continue;
    ++count;
    if (!first) first = machine.get();
    if (machine->ring.state() != totem::State::operational || !machine->whole ||
        machine->ring.ring() != first->ring.ring())
      return false;
  }
  return first && first->members.size() == count;
}

bool Simulation::drained() const {
  return whole() && std::all_of(machines_.begin(), machines_.end(), [](const auto& machine) {
           return !machine || (machine->waiting.empty() && machine->taken.empty());
         });
}

std::vector<check::Violation> Simulation::finish(bool quiescent) {
  auto violations = checker_.finish(quiescent);
  for (const auto& violation : packets_.violations()) violations.push_back(violation);
  for (const auto& text : lost_) violations.push_back({"9", text});
  return violations;
}

void Simulation::trace(const Machine& machine, const std::string& text) {
  if (tracing)
    trace_.push_back(fmt::format("{:>10.3f} ms  node {}  {}",
                                 static_cast<double>(now_.time_since_epoch().count()) / 1e6,
                                 machine.number + 1, text));
}

}  // namespace gyre::test
