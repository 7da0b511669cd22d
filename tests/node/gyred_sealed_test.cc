// Real nodes under the seal, and what an attacker on their network tries.
#include <algorithm>

#include "tests/node/sealed_nodes.hh"

namespace gyre::test {
namespace {

using GyredSealed = SealedNodes;

constexpr std::string_view secret = "what nobody else is to know", group = "a group of that name";

bool contains(std::span<const std::byte> bytes, std::string_view part) {
  const auto wanted = std::as_bytes(std::span(part));
  return std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) != bytes.end();
}

// A program says something fifty times; what has passed the tap of it.
std::vector<Bytes> conversation(client::Connection& program, Tap& tap) {
  program.join(group);
  for (int i = 0; i < 50; ++i) program.send(group, std::as_bytes(std::span(secret)));
  for (int heard = 0; heard < 50;) {
    const auto event = program.receive(seconds(20));
    if (!event) throw std::runtime_error("nothing is delivered");
    heard += std::holds_alternative<client::Message>(*event);
  }
  return tap.heard();
}

TEST_F(GyredSealed, OnlyWhoHasTheKeyGetsIn) {
  const auto first = start(1), second = start(2);
  client::Connection program = connect(1);
  wait_for_members(program, 2);
  EXPECT_EQ(status(1)["suite"], text(suite()));
  EXPECT_EQ(status(1)["secauth"], true);
  const auto view = status(1)["view"];

  write_config("open.conf", "secauth: off", "key");
  auto third = start(3, "open.conf");
  await_refused(1, Refusal::suite, 5);
  third.reset();
  if (suite() == Suite::aes256gcm) {  // or gyred would not start with the other one
    write_config("other.conf", on(false), "key");
    const std::uint64_t before = refused(1, Refusal::suite);
    third = start(3, "other.conf");
    await_refused(1, Refusal::suite, before + 5);
    third.reset();
  }
  for (const char byte : {'x', '\0'}) {
    write_key("wrong", std::string(128, byte));
    write_config("wrong.conf", on(), "wrong");
    const std::uint64_t before = refused(1, Refusal::other_key) + refused(1, Refusal::forged);
    third = start(3, "wrong.conf");
    EXPECT_TRUE(await([&] {
      return refused(1, Refusal::other_key) + refused(1, Refusal::forged) >= before + 5;
    }));
    third.reset();
  }
  EXPECT_EQ(status(1)["view"], view) << "it had an effect on the ring";
  EXPECT_EQ(status(2)["view"], view);

  third = start(3);
  wait_for_members(program, 3);
}

TEST_F(GyredSealed, ACaptureHoldsNothingThatWasSaidAndNoListOfMembers) {
  write_config("open.conf", "secauth: off", "key");
  for (const std::string config : {"open.conf", "ring.conf"}) {
    Tap tap(2, 1);
    const auto first = start(1, config), second = start(2, config);
    client::Connection program = connect(2);
    wait_for_members(program, 2);
    int said = 0, groups = 0, members = 0;
    for (const Bytes& frame : conversation(program, tap)) {
      said += contains(frame, secret);
      groups += contains(frame, group);
      const auto text = std::span(frame).subspan(header_size);
      for (const int node : {1, 2}) {
        const std::uint32_t id = id_of(node);
        members += contains(text, {reinterpret_cast<const char*>(&id), sizeof id});
      }
    }
    const bool open = config == "open.conf";
    EXPECT_EQ(said > 0, open);
    EXPECT_EQ(groups > 0, open);
    EXPECT_EQ(members > 0, open);
  }
}

TEST_F(GyredSealed, WhatWasRecordedIsOfNoUse) {
  Tap tap(2, 1);
  auto first = start(1);
  const auto second = start(2);
  client::Connection program = connect(2);
  wait_for_members(program, 2);
  const std::vector<Bytes> recorded = conversation(program, tap);
  ASSERT_GT(recorded.size(), 50u);

  expect_all_refused(recorded);

  // To a receiver that started anew, as the other goes on.
  first->signal(SIGKILL);
  first->wait();
  wait_for_members(program, 1);
  first = start(1);
  wait_for_members(program, 2);
  expect_all_refused(recorded);
}

TEST_F(GyredSealed, AWholeLifeThatWasRecordedDoesNotBringItBack) {
  Tap tap(2, 1);
  const auto first = start(1);
  auto second = start(2);
  client::Connection program = connect(1);
  wait_for_members(program, 2);
  second->signal(SIGKILL);
  second->wait();
  wait_for_members(program, 1);
  const std::vector<Bytes> life = tap.heard();
  ASSERT_GT(life.size(), 20u);
  inject(2, 1, life);  // its boot is still the one that we talk to
  second = start(2);
  wait_for_members(program, 2);
  const auto before = status(1);
  const std::uint64_t stale = refused(1, Refusal::not_fresh) + refused(1, Refusal::unopened);
  for (int i = 0; i < 5; ++i) inject(2, 1, life);
  EXPECT_TRUE(await([&] {
    return refused(1, Refusal::not_fresh) + refused(1, Refusal::unopened) >=
           stale + 4 * life.size() / 2;
  }));
  expect_same_ring(before, status(1));
}

TEST_F(GyredSealed, AKeyThatOthersMayReadStartsNothing) {
  std::filesystem::permissions(directory / "key", std::filesystem::perms(0644));
  const auto ended = network->at(
      1, [&] { return GyredProcess(arguments(1, "ring.conf"), directory / "output1").wait(); });
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, 8);
  EXPECT_NE(ended->output.find(directory / "key"), std::string::npos) << ended->output;
}

TEST_F(GyredSealed, TheBackgroundHasTheKeyToo) {
  const std::string key(130, 's');
  write_config("secret.conf", on(), "key");
  std::string text = read_file(directory / "secret.conf");
  const std::size_t at = text.find("keyfile:");
  text.replace(at, text.find('\n', at) - at, "key: " + key);
  write_file(directory / "secret.conf", text);
  std::filesystem::permissions(directory / "secret.conf", std::filesystem::perms(0600));
  const auto first = start(1, "secret.conf");
  const auto parent = network->at(2, [&] {
    return std::make_unique<GyredProcess>(arguments(2, "secret.conf"), directory / "output2",
                                          notify.path());
  });
  ASSERT_EQ(parent->wait()->status, 0);
  const pid_t pid = std::stoi(read_file(run_dir(2) + "/gyred.pid"));
  client::Connection program = connect(1);
  wait_for_members(program, 2);
  ::kill(pid, SIGKILL);
}

}  // namespace
}  // namespace gyre::test
