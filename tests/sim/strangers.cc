#include "tests/sim/strangers.hh"

#include <algorithm>
#include <utility>

#include "node/node.hh"
#include "transport/header.hh"
#include "transport/stamped.hh"

namespace gyre::sim {

class Strangers::Stranger final : node::Errands {
 public:
  Stranger(Run& run, MachineIndex place, const DeviceTraits& traits, NodeId id,
           std::string_view cluster, std::uint32_t frame_max, Dice dice);

  void arrive(Flight&& flight) {
    device_->arrive(std::move(flight));
    next_ = std::min(next_, run_.now + run_.settings.wake_up);
  }
  Time next() const { return next_; }
  void turn();
  bool finds_its_id_in_use() const {
    return stamped_->refused(Refusal::own_id) > 0 && !node_->has_view();
  }

 private:
  void reserve(std::uint64_t ring_seq) override { reserving_ = ring_seq; }
  void take_back(shm::Channel) override {}
  void viewed(std::uint64_t, std::size_t) override {}
  void votes_answered(std::uint64_t, membership::QuorumChange) override {}

  Run& run_;
  FramePool pool_;
  Device* device_ = nullptr;
  std::unique_ptr<Stamped> stamped_;
  node::Log log_{256};
  std::unique_ptr<node::Node> node_;
  Time next_{};
  std::uint64_t reserving_ = 0;
};

Strangers::Stranger::Stranger(Run& run, MachineIndex place, const DeviceTraits& traits, NodeId id,
                              std::string_view cluster, std::uint32_t frame_max, Dice dice)
    : run_(run),
      pool_(node::Node::frames_needed(run.settings.ring, Device::limits_of(traits)) + 64,
            Device::headroom + header_size, traits.payload_max, 0) {
  auto card = std::make_unique<Device>(run.network, place, traits, pool_, run.now,
                                       [](NodeId, const FrameRef&) { return true; });
  device_ = card.get();
  stamped_ = std::make_unique<Stamped>(
      std::move(card),
      StampIdentity{.self = id, .cluster = cluster_tag(cluster), .boot = dice.next()}, pool_);
  totem::Parameters parameters = run.settings.ring;
  parameters.open = true;
  parameters.frame_max = frame_max;
  node_ = std::make_unique<node::Node>(node::Node::Setup{
      .transport = *stamped_,
      .pool = pool_,
      .errands = *this,
      .log = log_,
      .recorder = nullptr,
      .parameters = parameters,
      .identity = {.self = id, .incarnation = dice.next(), .ring_seq = 0, .seed = dice.next()},
      .listed = {},
      .limits = {}});
  next_ = run.now;
  node_->start(run.now);
}

void Strangers::Stranger::turn() {
  if (reserving_ > 0) node_->reserved(std::exchange(reserving_, 0), run_.now);
  const bool active = node_->turn(run_.now);
  for (node::LogRecord record; log_.next(record);) continue;
  const Time soon = run_.now + run_.settings.turn_cost;
  const bool more = active || reserving_ > 0 || !node_->arm();
  next_ = more ? soon : std::max(soon, std::min(node_->deadline(), device_->due()));
}

Strangers::Strangers(Run& run) : run_(run), dice_(run.settings.machines) {
  const Settings& settings = run.settings;
  for (std::size_t i = 0; i < settings.strangers; ++i) {
    const bool ours = settings.strange_frames;
    DeviceTraits traits = settings.device;
    traits.other_version = settings.strange_version && !ours;
    const std::size_t id = settings.strange_ids || ours ? settings.machines + i : i;
    places_.push_back(std::make_unique<Stranger>(
        run, settings.machines + i, traits, Device::id(id),
        settings.strange_version || ours ? settings.cluster : "neighbours",
        settings.ring.frame_max - (ours ? 8 : 0), dice_.split()));
  }
}

Strangers::~Strangers() = default;

void Strangers::add_namesake(MachineIndex machine) {
  run_.note(machine, "another node has its id");
  ++run_.reached["namesake"];
  places_.resize(run_.settings.strangers);
  places_.push_back(std::make_unique<Stranger>(
      run_, run_.settings.machines + places_.size(), run_.settings.device, Device::id(machine),
      run_.settings.cluster, run_.settings.ring.frame_max, dice_.split()));
}

void Strangers::leave() {
  places_.clear();
  Network& network = run_.network;
  for (MachineIndex place = run_.settings.machines; place < network.machines(); ++place)
    for (MachineIndex other = 0; other < network.machines(); ++other) {
      network.cut(place, other, true);
      network.cut(other, place, true);
    }
}

void Strangers::arrive(Flight&& flight) {
  const std::size_t place = flight.to - run_.settings.machines;
  if (place < places_.size() && places_[place]) places_[place]->arrive(std::move(flight));
}

Time Strangers::next() const {
  Time soonest = never;
  for (const auto& each : places_)
    if (each) soonest = std::min(soonest, each->next());
  return soonest;
}

void Strangers::turn() {
  for (auto& each : places_) {
    if (!each || each->next() > run_.now) continue;
    each->turn();
    if (each->finds_its_id_in_use()) each.reset();
  }
}

}  // namespace gyre::sim
