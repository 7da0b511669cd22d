// What a machine tells those who watch: they must know what its ring knows, and no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/check/joins_by_hand.hh"
#include "tests/sim/world.hh"
#include "transport/replay.hh"

namespace gyre::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;

// The other one is written by hand.
class OneOfTwoMachines : public check::JoinsByHand {
 protected:
  OneOfTwoMachines() {
    world.run().tracing = world.run().tracing_frames = true;
    world.machine(0).start();
    pass(200ms);
  }
  static Swarm swarm() {
    Swarm swarm;
    swarm.settings.machines = 2;
    swarm.settings.programs = 0;
    swarm.settings.device.payload_max = swarm.settings.ring.frame_max + header_size;
    return swarm;
  }
  void pass(Duration span) { world.run_until(world.now() + span); }
  void hear(FrameRef frame, std::uint64_t counter) {
    sim::Run& run = world.run();
    const Header header{.cluster = run.cluster,
                        .sender = Device::id(1),
                        .length = static_cast<std::uint32_t>(frame.size()),
                        .boot = 1,
                        .counter = counter};
    frame.prepend(header_size);
    write_header(header, frame.bytes().first<header_size>());
    const auto bytes =
        std::make_shared<std::vector<std::byte>>(frame.bytes().begin(), frame.bytes().end());
    run.network.send(1, 0, Lane::data, bytes, run.now);
    pass(200ms);
  }
  FrameRef merge_detect() {
    totem::wire::MergeDetect detect{.sender = Device::id(1), .ring = {7, Device::id(1), 1}};
    detect.heard[detect.count++] = Device::id(0);
    FrameRef frame = pool.take();
    totem::wire::write_merge_detect(frame, detect);
    return frame;
  }

  World world{swarm(), 1};
};

// Seed 3050279, with 75 minutes: a join of a sender that had sent 24 000 frames since.
TEST_F(OneOfTwoMachines, AJoinTooOldToTellFromARepeatedOneIsNotHeard) {
  hear(merge_detect(), ReplayWindow::bits);
  const check::Words alone{.proposed = {2}, .with = {2}, .closed = true};
  hear(join(2, alone), 1);
  EXPECT_THAT(world.run().trace.back(), EndsWith("join: with 1 2, hears 1 2"));
  hear(join(2, alone), ReplayWindow::bits + 1);
  EXPECT_THAT(world.machine(0).members(), ElementsAre(Device::id(0)));
  EXPECT_TRUE(world.run().gathering.violations().empty());
}

}  // namespace
}  // namespace gyre::sim
