// Events, messages and the end of the daemon, as the library gives them to a program.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <vector>

#include "tests/client/gyre_bed.hh"
#include "transport/shm/records.hh"

namespace gyre::client {
namespace {

// ---- the stream ----

TEST_F(Gyre, BeginsWithTheView) {
  EXPECT_EQ(first.number, 4u);
  EXPECT_EQ(first.ring, (RingId{.seq = 4, .representative = 7, .incarnation = 99}));
  ASSERT_EQ(first.members.size(), 1u);
  EXPECT_EQ(first.members[0].node, 7u);
  EXPECT_EQ(first.oldest, 7u);
  EXPECT_EQ(ring->node(), 7u);
  EXPECT_EQ(ring->self(),
            (Process{.node = 7, .pid = static_cast<std::uint32_t>(::getpid()), .client = 1}));
  EXPECT_FALSE(ring->poll());
}

TEST_F(Gyre, DeliversWhatIsSentRightBehindTheJoin) {
  ring->join("prices");
  ring->send("prices", bytes("one"));
  ring->send("prices", bytes("two"), Guarantee::safe);
  ring->leave("prices");
  node.settle();

  const auto joined = expect<GroupChange>();
  EXPECT_EQ(joined.group, "prices");
  EXPECT_EQ(joined.members, std::vector{ring->self()});
  ASSERT_EQ(joined.joined.size(), 1u);
  EXPECT_EQ(joined.joined[0].process, ring->self());
  EXPECT_EQ(joined.joined[0].reason, ChangeReason::join);
  EXPECT_TRUE(joined.left.empty());

  const auto one = expect<Message>();
  EXPECT_EQ(one.group, "prices");
  EXPECT_EQ(one.sender, ring->self());
  EXPECT_EQ(one.guarantee, Guarantee::agreed);
  EXPECT_EQ(text(one.payload), "one");
  EXPECT_GT(one.place, joined.place);

  const auto two = expect<Message>();
  EXPECT_EQ(two.guarantee, Guarantee::safe);
  EXPECT_EQ(text(two.payload), "two");
  EXPECT_GT(two.place, one.place);

  const auto left = expect<GroupChange>();
  EXPECT_TRUE(left.members.empty());
  ASSERT_EQ(left.left.size(), 1u);
  EXPECT_EQ(left.left[0].reason, ChangeReason::leave);
  EXPECT_FALSE(ring->poll());
}

TEST_F(Gyre, ShowsViewsAndTransitionalConfigurations) {
  const std::array members{totem::Member{.node = NodeId{7}, .since = 4},
                           totem::Member{.node = NodeId{9}, .since = 8}};
  const std::array<NodeId, 1> joined{NodeId{9}};
  const std::array<NodeId, 2> left{NodeId{10}, NodeId{11}};
  const totem::RingId next{.seq = 8, .representative = NodeId{7}, .incarnation = 5};
  port().transitional({.kind = totem::Configuration::Kind::transitional,
                       .ring = next,
                       .previous = {.seq = 4, .representative = NodeId{7}, .incarnation = 99},
                       .members = std::span(members).first(1)});
  port().view({.number = 8,
               .ring = next,
               .members = members,
               .joined = joined,
               .left = left,
               .oldest = NodeId{7},
               .verdict = {.quorate = true,
                           .reason = membership::Verdict::Reason::heir,
                           .fencing = membership::Verdict::Fencing::more_votes,
                           .expected_votes = 4,
                           .highest_expected = 5,
                           .total_votes = 3,
                           .quorum = 2,
                           .withheld_votes = 1},
               .verdict_number = 77});
  port().verdict({.place = {.ring = next, .seq = totem::Seq{6}, .index = 1},
                  .verdict = {.reason = membership::Verdict::Reason::waiting},
                  .number = 78});
  port().publish();
  const auto transitional = expect<Transitional>();
  EXPECT_EQ(transitional.ring.seq, 8u);
  EXPECT_EQ(transitional.previous.incarnation, 99u);
  ASSERT_EQ(transitional.members.size(), 1u);
  const auto view = expect<View>();
  ASSERT_EQ(view.members.size(), 2u);
  EXPECT_EQ(view.members[1].node, 9u);
  EXPECT_EQ(view.members[1].since, 8u);
  EXPECT_EQ(view.joined, (std::vector<std::uint32_t>{9}));
  EXPECT_EQ(view.left, (std::vector<std::uint32_t>{10, 11}));
  EXPECT_TRUE(view.verdict.quorate);
  EXPECT_EQ(view.verdict.number, 77u);
  EXPECT_EQ(text(view.verdict.reason), "heir");
  EXPECT_EQ(text(view.verdict.fencing), "more_votes");
  EXPECT_EQ(view.verdict.votes, 3u);
  EXPECT_EQ(view.verdict.expected, 4u);
  EXPECT_EQ(view.verdict.highest, 5u);
  EXPECT_EQ(view.verdict.needed, 2u);
  EXPECT_EQ(view.verdict.withheld, 1u);
  const auto change = expect<VerdictChange>();
  EXPECT_EQ(change.place.ring.seq, 8u);
  EXPECT_EQ(change.place.seq, 6u);
  EXPECT_FALSE(change.verdict.quorate);
  EXPECT_EQ(text(change.verdict.reason), "waiting");
  EXPECT_EQ(change.verdict.number, 78u);
}

TEST_F(Gyre, IsQuorateWhileTheLeaseOfItsLastVerdictStands) {
  using Clock = std::chrono::steady_clock;
  const auto from_now = [](int seconds) {
    return Time((Clock::now() + std::chrono::seconds(seconds)).time_since_epoch());
  };
  EXPECT_FALSE(ring->quorate());
  const Time until = from_now(60);
  port().lease(first.verdict.number, until);
  EXPECT_TRUE(ring->quorate());
  EXPECT_EQ(ring->lease_until().time_since_epoch(), until.time_since_epoch());
  port().lease(first.verdict.number + 1, until);
  EXPECT_FALSE(ring->quorate()) << "of a verdict that is not taken yet";
  EXPECT_EQ(ring->lease_until(first.verdict.number), Clock::time_point::min());
  EXPECT_EQ(ring->lease_until(first.verdict.number + 1).time_since_epoch(),
            until.time_since_epoch());
  port().verdict({.place = {}, .verdict = {}, .number = first.verdict.number + 1});
  port().publish();
  EXPECT_FALSE(ring->quorate());
  expect<VerdictChange>();
  EXPECT_TRUE(ring->quorate());
  port().lease(first.verdict.number + 1, from_now(-1));
  EXPECT_FALSE(ring->quorate()) << "it is over";
  port().lease(first.verdict.number + 1, until);
  port().end(node::PortEnd::shutdown);
  EXPECT_FALSE(ring->quorate()) << "the daemon is gone";
}

TEST_F(Gyre, IsReadableExactlyWhileAnEventIsPending) {
  EXPECT_FALSE(ring->poll());
  EXPECT_FALSE(readable(*ring));
  ring->join("a");
  ring->send("a", bytes("1"));
  node.settle();
  EXPECT_TRUE(readable(*ring));
  expect<GroupChange>();
  EXPECT_TRUE(readable(*ring)) << "the message is still there";
  expect<Message>();
  EXPECT_FALSE(ring->poll());
  EXPECT_FALSE(readable(*ring));
}

TEST_F(Gyre, SpinsWithoutTheDoorbell) {
  join("a");
  for (int i = 0; i < 100; ++i) {
    ring->send("a", bytes("x"));
    node.settle();
    const auto event = ring->spin();
    ASSERT_TRUE(event);
    EXPECT_EQ(text(std::get<Message>(*event).payload), "x");
    EXPECT_FALSE(ring->spin());
  }
}

TEST_F(Gyre, WaitsForAnEvent) {
  join("a");
  for (int i = 0; i < 50; ++i) {
    ring->send("a", bytes("x"));
    auto event = served([&] { return ring->receive(); });
    ASSERT_TRUE(event);
    EXPECT_TRUE(std::holds_alternative<Message>(*event));
  }
  EXPECT_FALSE(ring->receive(1ms));
}

// ---- sizes and names ----

TEST_F(Gyre, CarriesAMessageOfExactlyTheMaximumAndNotOneByteMore) {
  join("a");
  std::string largest(message_max, '\0');
  for (std::size_t i = 0; i < largest.size(); ++i) largest[i] = static_cast<char>(i * 31 >> 3);
  ring->send("a", bytes(largest));
  node.settle();
  EXPECT_EQ(text(expect<Message>().payload), largest);
  largest += 'x';
  EXPECT_EQ(failure([&] { ring->send("a", bytes(largest)); }).code, ErrorCode::message_too_long);
  EXPECT_EQ(failure([&] { ring->try_send("a", bytes(largest)); }).code,
            ErrorCode::message_too_long);
  ring->send("a", {});
  node.settle();
  EXPECT_TRUE(expect<Message>().payload.empty());
}

// ---- flow control ----

TEST_F(Gyre, WaitsForRoomWithoutLosingAnything) {
  join("a");
  node.room = 0;
  const std::string payload(100'000, 'x');
  std::size_t sent = 0;
  while (ring->try_send("a", bytes(payload))) ++sent;
  EXPECT_EQ(sent, shm::requests_default / 100'000);
  EXPECT_FALSE(ring->flush(0ms));
  EXPECT_FALSE(ring->flush(1ms));
  node.room = 1;  // the daemon takes one, and the program wakes
  served([&] {
    ring->send("a", bytes(payload));
    return 0;
  });
  EXPECT_FALSE(ring->try_send("a", bytes(payload)));
  node.room = SingleNode::unlimited;
  EXPECT_TRUE(served([&] { return ring->flush(-1ms); }));
  EXPECT_EQ(node.submitted.size(), 1 + sent + 1);
}

TEST_F(Gyre, WaitsForADaemonThatHangsNoLongerThanItMay) {
  ring = node.connect(10ms);
  expect<View>();
  join("a");
  node.room = 0;
  const std::string payload(100'000, 'x');
  std::size_t sent = 0;
  while (ring->try_send("a", bytes(payload))) ++sent;
  const auto send = [&] { ring->send("a", bytes(payload)); };
  const Failure hung = failure(send);
  EXPECT_EQ(hung.code, ErrorCode::timed_out);
  EXPECT_EQ(hung.what, "gyred has taken nothing for 10 ms");
  EXPECT_EQ(failure([&] { ring->join("b"); }).code, std::nullopt) << "so little has room";
  node.room = SingleNode::unlimited;
  node.settle();
  send();
  EXPECT_TRUE(served([&] { return ring->flush(-1ms); }));
  EXPECT_EQ(node.submitted.size(), 2 + sent + 1) << "what was not sent is not sent later";
}

TEST_F(Gyre, SaysHowMuchWaitsForTheRing) {
  join("a");
  EXPECT_EQ(ring->queue().bytes, 0u);
  EXPECT_EQ(ring->queue().bytes_max, shm::requests_default);
  EXPECT_FALSE(ring->queue().flow_controlled());
  node.room = 0;
  ring->send("a", bytes("x"));
  EXPECT_GT(ring->queue().bytes, 0u);
  EXPECT_FALSE(ring->queue().flow_controlled());
  while (ring->try_send("a", bytes(std::string(100'000, 'x')))) continue;
  EXPECT_TRUE(ring->queue().flow_controlled());
  EXPECT_LE(ring->queue().bytes, ring->queue().bytes_max);
  node.room = SingleNode::unlimited;
  node.settle();
  EXPECT_EQ(ring->queue().bytes, 0u);
  EXPECT_FALSE(ring->queue().flow_controlled());
}

TEST_F(Gyre, WaitsManyTimesWithSmallMessages) {
  join("a");
  served([&] {
    for (int i = 0; i < 200; ++i) {
      ring->send("a", bytes(std::string(50'000, 'x')));
      while (ring->poll()) continue;
    }
    return ring->flush(-1ms);
  });
  EXPECT_EQ(node.submitted.size(), 201u);
  EXPECT_EQ(port().ended(), node::PortEnd::none);
}

// ---- ends ----

TEST_F(Gyre, TakesWhatWasDeliveredBeforeItSaysThatTheDaemonIsGone) {
  join("a");
  ring->send("a", bytes("last words"));
  node.settle();
  port().end(node::PortEnd::shutdown);
  EXPECT_EQ(text(expect<Message>().payload), "last words");
  const Failure stopped = failure([&] { ring->poll(); });
  EXPECT_EQ(stopped.code, ErrorCode::disconnected);
  EXPECT_EQ(stopped.what, "gyred was stopped");
  EXPECT_EQ(failure([&] { ring->receive(); }).code, ErrorCode::disconnected);
  EXPECT_EQ(failure([&] { ring->send("a", {}); }).code, ErrorCode::disconnected);
}

TEST_F(Gyre, NoticesADaemonThatDied) {
  join("a");
  node.ports().clear();
  EXPECT_TRUE(readable(*ring));
  // At most one request goes into the void.
  EXPECT_EQ(failure([&] { ring->send("a", {}), ring->send("a", {}), ring->send("a", {}); }).code,
            ErrorCode::disconnected);
  const Failure gone = failure([&] { ring->receive(); });
  EXPECT_EQ(gone.code, ErrorCode::disconnected);
  EXPECT_EQ(gone.what, "gyred went away");
}

TEST_F(Gyre, NoticesADaemonThatDiesWhileItWaitsForRoom) {
  join("a");
  node.room = 0;
  const std::string payload(100'000, 'x');
  while (ring->try_send("a", bytes(payload))) continue;
  auto done = std::async(std::launch::async,
                         [&] { return failure([&] { ring->send("a", bytes(payload)); }); });
  node.ports().clear();
  EXPECT_EQ(done.get().code, ErrorCode::disconnected);
}

TEST_F(Gyre, NoticesADaemonThatDiesWhileItWaitsForAnEvent) {
  auto done = std::async(std::launch::async, [&] { return failure([&] { ring->receive(); }); });
  node.ports().clear();
  EXPECT_EQ(done.get().code, ErrorCode::disconnected);
}

TEST_F(Gyre, SpinNoticesADaemonThatDied) {
  node.ports().clear();
  EXPECT_EQ(failure([&] {
              for (;;) ring->spin();
            }).code,
            ErrorCode::disconnected);
}

class SmallBacklog : public Gyre {
 protected:
  SmallBacklog() : Gyre({.events_size = shm::ring_min}) {}
};

TEST_F(SmallBacklog, TellsAProgramThatItWasTooSlow) {
  join("a");
  std::size_t sent = 0;
  for (; port().ended() == node::PortEnd::none; ++sent) {
    ring->send("a", bytes(std::string(100'000, 'x')));
    node.turn();
    ASSERT_LT(sent, 100u);
  }
  std::size_t taken = 0;
  const Failure slow = failure([&] {
    while (ring->receive()) ++taken;
  });
  EXPECT_EQ(slow.code, ErrorCode::disconnected);
  EXPECT_NE(slow.what.find("client_backlog_max"), std::string::npos) << slow.what;
  EXPECT_EQ(taken, sent - 1) << "all but the one that did not fit";
}

TEST_F(Gyre, LeavesItsGroupsWhenKilled) {
  join("a");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Connection own({.run_dir = node.run_dir()});
    own.join("a");
    own.send("a", bytes("from the child"));
    for (;;) ::pause();
  }
  node::ClientPort& served = node.serve();
  EXPECT_EQ(served.process().pid, static_cast<std::uint32_t>(child));
  while (node.submitted.size() < 3) {  // our join, its join, its message
    node.watch_sockets();
    node.turn();
  }
  expect<GroupChange>();
  EXPECT_EQ(text(expect<Message>().payload), "from the child");
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  node.watch_sockets();
  node.settle();
  const auto gone = expect<GroupChange>();
  ASSERT_EQ(gone.left.size(), 1u);
  EXPECT_EQ(gone.left[0].process.pid, static_cast<std::uint32_t>(child));
  EXPECT_EQ(gone.left[0].reason, ChangeReason::process_down);
  EXPECT_EQ(node.ports().size(), 1u);
}

TEST_F(Gyre, LeavesNoDescriptorToOtherPrograms) {
  EXPECT_TRUE(::fcntl(ring->fd(), F_GETFD) & FD_CLOEXEC);
}

TEST(GyreAlone, SaysWhichSocketIsMissing) {
  const test::RunDir empty;
  const auto look_for = [&](const Failure& missing) {
    EXPECT_EQ(missing.code, ErrorCode::no_daemon);
    EXPECT_NE(missing.what.find(empty.path() + "/gyre.sock"), std::string::npos) << missing.what;
  };
  look_for(failure([&] { Connection({.run_dir = empty.path()}); }));
  look_for(failure([&] { Connection::query("status", {.run_dir = empty.path()}); }));
  ::setenv("GYRE_RUN_DIR", empty.path().c_str(), 1);
  look_for(failure([] { Connection{}; }));
  ::unsetenv("GYRE_RUN_DIR");
}

}  // namespace
}  // namespace gyre::client
