// Another key for the cluster, step by step.
#include <gtest/gtest.h>

#include "tests/node/rotation_world.hh"

namespace gyre::node::test {
namespace {

TEST(Rotation, GoesByAcceptSendDropAndTellsWhoAsked) {
  World world(3);
  world.view({0, 1, 2});
  world.propose(1);
  world.run();
  EXPECT_TRUE(world.all_done());
  for (auto& member : world.members)
    EXPECT_EQ(member->steps, (std::vector<Step>{Step::read, Step::send, Step::drop}));
  EXPECT_EQ(world[1].answers, std::vector<std::string>{""});
  EXPECT_TRUE(world[0].answers.empty());
  world.propose(2);
  world.run();
  EXPECT_EQ(world[2].answers, std::vector<std::string>{""}) << "it is the key already";
  EXPECT_TRUE(world.all_done());
  EXPECT_EQ(world[0].steps.size(), 3u);
}

TEST(Rotation, NobodySendsBeforeTheLastOneAcceptsNorDropsBeforeTheLastOneSends) {
  World world(3);
  world.ask_all_while_silent(2);
  EXPECT_EQ(world[0].rotation->stage(), Stage::accepting);
  EXPECT_EQ(world[0].rotation->waits_for(), NodeId{3});
  EXPECT_EQ(world[0].seals, old_key);
  world.read(world[2]);
  world.speak(world[2]);
  while (world.hear(world[0])) {
  }
  EXPECT_EQ(world[0].rotation->stage(), Stage::sending);
  world.speak(world[0]);
  while (world.hear(world[1])) {
  }
  world.speak(world[1]);
  while (world.hear(world[0])) {
  }
  EXPECT_TRUE(world[0].takes(old_key)) << "one of them has not said that it sends";
  world.run();
  EXPECT_TRUE(world.all_done());
}

TEST(Rotation, NothingChangesIfOneHasNoFileOrAnotherKey) {
  for (const std::uint64_t in_file : {std::uint64_t{0}, third_key}) {
    World world(3);
    world.view({0, 1, 2});
    world[2].in_file = in_file;
    world.propose(0);
    world.run();
    for (auto& member : world.members) EXPECT_TRUE(member->is_untouched());
    EXPECT_EQ(world[0].answers,
              std::vector<std::string>{in_file ? "node 3: another key" : "node 3: no file"});
    world[2].in_file = new_key;
    world.propose(0);
    world.run();
    EXPECT_TRUE(world.all_done());
  }
}

TEST(Rotation, TheNodeThatAsksMayBeTheOneThatRefuses) {
  World world(3);
  world.view({0, 1, 2});
  world[0].in_file = 0;
  world.propose(0);
  world.run();
  EXPECT_EQ(world[0].answers, std::vector<std::string>{"node 1: no file"});
  for (auto& member : world.members) EXPECT_TRUE(member->is_untouched());
}

TEST(Rotation, OneAtATime) {
  World world(3);
  world.view({0, 1, 2});
  for (auto& member : world.members) member->reads = false;
  world.propose(0);
  world.propose(0);
  EXPECT_EQ(world[0].answers, std::vector<std::string>{"busy"});
  world.run();
  world.propose(1, third_key);
  world.run();
  EXPECT_EQ(world[1].answers, std::vector<std::string>{"another rotation is under way"});
  for (auto& member : world.members) member->reads = true;
  world.run();
  EXPECT_TRUE(world.all_done());
  for (auto& member : world.members) member->in_file = third_key;
  world.propose(1, third_key);
  world.run();
  EXPECT_EQ(world[1].answers.back(), "");
  for (auto& member : world.members) EXPECT_EQ(member->seals, third_key);
}

TEST(Rotation, AWordOfAnotherViewOrOfNoMemberCountsForNothing) {
  World world(2);
  world.view({0, 1});
  world[1].reads = false;
  world.propose(0);
  world.run();
  world[1].reads = true;
  world.read(world[1]);
  membership::wire::Word word;
  ASSERT_TRUE(world[1].rotation->next(word));
  const Spoken last{NodeId{2}, membership::wire::word(word)};
  world.hear(world[0], {NodeId{9}, last.word});
  world.view({0, 1});
  world.speak(world[0]);
  world.hear(world[0]);
  world.hear(world[0], last);
  EXPECT_EQ(world[0].rotation->stage(), Stage::accepting);
  world.run();
  EXPECT_TRUE(world.all_done());
}

// It was on its way when somebody asked anew: the others have forgotten the key by then.
TEST(Rotation, WhoHasRefusedHasRefused) {
  World world(2);
  for (auto& member : world.members) member->reads = false;
  world.view({0, 1});
  world.propose(0);
  world.run();
  world.view({0, 1});
  world[1].in_file = 0;
  world.read(world[1]);
  world.given_up(0);
  world.propose(0);
  world.speak(world[0]);
  world.speak(world[1]);
  world[0].reads = true;
  world.run();
  EXPECT_TRUE(world[0].is_untouched());
  world[1].reads = true;
  world[1].in_file = new_key;
  world.run();
  EXPECT_TRUE(hear_each_other(world[0], world[1]));
  EXPECT_EQ(world[0].answers, std::vector<std::string>{"node 2: no file"});
}

TEST(Rotation, AViewWhileAFileIsReadAsksAnewAndANewcomerReadsFirst) {
  World world(3);
  world.view({0, 1});
  world[1].reads = false;
  world.propose(0);
  world.run();
  world.view({0, 1, 2});
  world.run();
  EXPECT_EQ(world[2].rotation->stage(), Stage::accepting);
  EXPECT_EQ(world[2].rotation->file(), "/k");
  world[1].reads = true;
  world.run();
  EXPECT_TRUE(world.all_done());
  EXPECT_EQ(world[0].answers, std::vector<std::string>{""});
}

TEST(Rotation, ANewcomerWithoutTheFileEndsIt) {
  World world(3);
  world.view({0, 1});
  world[1].reads = false;
  world[2].in_file = 0;
  world.propose(0);
  world.run();
  world.view({0, 1, 2});
  world[1].reads = true;
  world.run();
  for (auto& member : world.members) EXPECT_TRUE(member->is_untouched());
  EXPECT_EQ(world[0].answers, std::vector<std::string>{"node 3: no file"});
}

TEST(Rotation, WithoutOneWhoWasAskedNobodyDecides) {
  World world(3);
  world.ask_all_while_silent(2);
  world.view({0, 1});
  world.view({2});
  world.run();
  EXPECT_EQ(world[0].rotation->stage(), Stage::accepting);
  EXPECT_EQ(world[1].rotation->stage(), Stage::accepting);
  EXPECT_EQ(world[0].rotation->waits_for(), NodeId{3});
  EXPECT_EQ(
      world.given_up(0),
      "node 3 is away and was asked: both keys hold until it is back, or until you ask again");
  world[2].reads = true;
  world.run();
  EXPECT_EQ(world[2].rotation->stage(), Stage::accepting);
  world.view({0, 1, 2});
  world.run();
  EXPECT_TRUE(world.all_done());
}

TEST(Rotation, AskedAgainItGoesOnWithoutWhoIsAway) {
  World world(3);
  world.ask_all_while_silent(2);
  world.view({0, 1});
  world.run();
  world.given_up(0);
  world.propose(1);
  world.run();
  EXPECT_TRUE(world[0].is_done() && world[1].is_done());
  EXPECT_EQ(world[1].answers, std::vector<std::string>{""});
}

// One has heard the last word, the others have not: they hear each other as long as it takes.
TEST(Rotation, ARingThatBreaksAtTheLastWordOfAStepComesTogetherAgain) {
  for (const Stage at : {Stage::sending, Stage::none}) {
    World world(3);
    world.ask_all_while_silent(2);
    world.read(world[2]);
    if (at == Stage::none) {
      world.speak(world[2]);
      for (auto& member : world.members) {
        while (world.hear(*member)) {
        }
        if (member != world.members.back()) world.speak(*member);
      }
    }
    world.speak(world[2]);
    while (world.hear(world[0])) {
    }
    EXPECT_EQ(world[0].rotation->stage(), at);
    world.view({0});
    world.view({1, 2});
    world.run();
    for (auto& a : world.members)
      for (auto& b : world.members) EXPECT_TRUE(hear_each_other(*a, *b));
    world.view({0, 1, 2});
    world.run();
    EXPECT_TRUE(world.all_done());
  }
}

TEST(Rotation, WhoStartedWithTheNewKeyIsOneOfThoseWhoSend) {
  World world(3);
  world.ask_all_while_silent(1);
  world.read(world[1]);
  world.speak(world[1]);
  while (world.hear(world[0]) || world.hear(world[1])) {
  }
  world.view({0, 1});
  world.run();
  EXPECT_EQ(world[0].rotation->stage(), Stage::sending) << "the third one was asked";
  EXPECT_EQ(world[0].rotation->waits_for(), NodeId{3});
  world.start(2, new_key);
  world.view({0, 1, 2});
  world.run();
  EXPECT_TRUE(world.all_done());
}

TEST(Rotation, BackToTheOldKeyWhileTheNewOneWaits) {
  World world(3);
  world.ask_all_while_silent(2);
  world.view({0, 1});
  world.run();
  world.propose(1, old_key);
  world.run();
  EXPECT_TRUE(world[0].is_untouched() && world[1].is_untouched());
  EXPECT_EQ(world[1].answers, std::vector<std::string>{""});
}

TEST(Rotation, ToAThirdKeyOnlyOnceNobodyHasTheFirst) {
  World world(3);
  world.ask_all_while_silent(1);
  world.read(world[1]);
  world.speak(world[1]);
  while (world.hear(world[0]) || world.hear(world[1])) {
  }
  world.view({0, 1});
  world[1].reads = true;
  world.run();
  for (auto& member : world.members) member->in_file = third_key;
  world.propose(1, third_key);
  world.run();
  ASSERT_EQ(world[1].answers.size(), 1u);
  EXPECT_NE(world[1].answers[0].find("has not ended"), std::string::npos);
  world.given_up(0);
  world.propose(0, new_key);
  world.run();
  EXPECT_TRUE(world[0].is_done() && world[1].is_done());
  world.propose(1, third_key);
  world.run();
  EXPECT_EQ(world[0].seals, third_key);
}

TEST(Rotation, AFileOfAnyLengthAndReasonsOfAnyBytesStayWithinBounds) {
  World world(2);
  world.view({0, 1});
  const std::string file = "/" + std::string(Rotation::file_max - 1, 'f');
  world.propose(0, new_key, file);
  world.run();
  EXPECT_EQ(world[1].rotation->file(), file);
  EXPECT_TRUE(world.all_done());
  EXPECT_EQ(Reason(std::string(1000, 'x')).text().size(), Reason::max);
  EXPECT_EQ(Reason("\x1b[2J\n").text(), "?[2J?");
}

}  // namespace
}  // namespace gyre::node::test
