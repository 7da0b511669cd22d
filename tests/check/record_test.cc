// What the recorder writes comes back as it was, also when the writer is killed.
#include "node/record.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/check/recording.hh"

namespace gyre {
namespace {

using check::Content;
using check::Delivered;
using check::Event;
using check::Installed;
using check::Recording;
using check::Sent;
using node::FileRecorder;
using node::payload_hash;
using Format = node::record_format::Record;
using totem::Guarantee;

constexpr std::size_t plenty = 1 << 20;
const totem::RingId ring{12, NodeId(1), 99}, old_ring{8, NodeId(3), 98};

class Recorded : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/gyre-record-XXXXXX";
    ASSERT_TRUE(mkdtemp(name));
    folder_ = name;
    path_ = folder_ + "/record";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_, path_;
};

std::vector<std::byte> payload(std::size_t size, int seed = 0) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>(i * 7 + i / 256 + static_cast<std::size_t>(seed));
  return bytes;
}

totem::Place place(std::uint64_t seq, std::uint32_t index = 0) {
  return {ring, totem::Seq{seq}, index};
}

TEST_F(Recorded, EventsComeBack) {
  const auto bytes = payload(1000);
  std::vector<totem::Member> members;
  for (unsigned id = 1; id <= 19; ++id) members.push_back({NodeId(id), id});
  {
    FileRecorder recorder(path_, NodeId(3), 42, plenty);
    recorder.send(place(5, 2), Guarantee::safe, bytes);
    recorder.deliver({place(4), NodeId(2), Guarantee::agreed, false, {}});
    recorder.configuration({totem::Configuration::Kind::transitional, ring, old_ring, members, {}});
    membership::Verdict verdict;
    recorder.verdict(place(0), verdict);
    verdict.quorate = true;
    verdict.fencing = membership::Verdict::Fencing::two_node;
    recorder.verdict(place(7, 2), verdict);
  }
  Recording recording(path_);
  EXPECT_EQ(recording.process(), (check::Process{NodeId(3), 42}));
  EXPECT_GT(recording.started(), 0U);
  EXPECT_FALSE(recording.truncated());

  const auto sent = std::get<Sent>(recording.next().value());
  EXPECT_EQ(sent.place, place(5, 2));
  EXPECT_EQ(sent.content, (Content{NodeId(3), Guarantee::safe, payload_hash(bytes), 1000}));
  const auto delivered = std::get<Delivered>(recording.next().value());
  EXPECT_EQ(delivered.place, place(4));
  EXPECT_EQ(delivered.content, (Content{NodeId(2), Guarantee::agreed, payload_hash({}), 0}));
  const auto installed = std::get<Installed>(recording.next().value());
  EXPECT_EQ(installed.kind, totem::Configuration::Kind::transitional);
  EXPECT_EQ(installed.ring, ring);
  EXPECT_EQ(installed.previous, old_ring);
  ASSERT_EQ(installed.members.size(), 19U);
  EXPECT_EQ(installed.members[18], NodeId(19));
  const auto first = std::get<check::Judged>(recording.next().value());
  EXPECT_EQ(first.place, place(0));
  EXPECT_FALSE(first.quorate);
  const auto second = std::get<check::Judged>(recording.next().value());
  EXPECT_EQ(second.place, place(7, 2));
  EXPECT_TRUE(second.quorate);
  EXPECT_TRUE(second.fencing);
  EXPECT_NE(second.hash, first.hash);
  EXPECT_FALSE(recording.next());
  EXPECT_FALSE(recording.torn());
}

TEST_F(Recorded, OutlivesSigkill) {
  const pid_t child = fork();
  if (child == 0) {
    FileRecorder recorder(path_, NodeId(1), 1, plenty);
    for (std::uint64_t seq = 1; seq <= 100; ++seq) recorder.send(place(seq), Guarantee::agreed, {});
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  Recording recording(path_);
  int count = 0;
  while (recording.next()) ++count;
  EXPECT_EQ(count, 100);
  EXPECT_FALSE(recording.torn());
}

TEST_F(Recorded, TornRecordIsSeen) {
  { FileRecorder(path_, NodeId(1), 1, plenty).send(place(1), Guarantee::agreed, {}); }
  Format half{};
  half.ring_seq = 12;
  std::ofstream(path_, std::ios::app | std::ios::binary)
      .write(reinterpret_cast<const char*>(&half), sizeof half);
  Recording recording(path_);
  EXPECT_TRUE(recording.next());
  EXPECT_FALSE(recording.next());
  EXPECT_TRUE(recording.torn());
  EXPECT_FALSE(recording.next());
}

TEST_F(Recorded, DamagedRecordIsRefused) {
  { FileRecorder(path_, NodeId(1), 1, plenty).send(place(1), Guarantee::agreed, {}); }
  Format wrong{};
  wrong.commit = 7;
  std::ofstream(path_, std::ios::app | std::ios::binary)
      .write(reinterpret_cast<const char*>(&wrong), sizeof wrong);
  Recording recording(path_);
  EXPECT_TRUE(recording.next());
  EXPECT_THROW(recording.next(), std::runtime_error);
}

TEST_F(Recorded, KilledBeforeItBegan) {
  for (const std::size_t size : {0, 4096}) {
    std::ofstream(path_) << std::string(size, '\0');
    Recording recording(path_);
    EXPECT_FALSE(recording.begun());
    EXPECT_FALSE(recording.next());
  }
}

TEST_F(Recorded, ForeignFileIsRefusedByName) {
  std::ofstream(path_) << std::string(200, 'x');
  try {
    Recording recording(path_);
    FAIL() << "a foreign file was taken";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(path_));
  }
}

// The recording holds everything up to one instant, and says that more happened.
TEST_F(Recorded, FullFileIsTruncated) {
  const std::size_t room_for_two = sizeof(node::record_format::Header) + 2 * sizeof(Format);
  {
    FileRecorder recorder(path_, NodeId(1), 1, room_for_two);
    recorder.send(place(1), Guarantee::agreed, {});
    EXPECT_FALSE(recorder.truncated());
    const std::vector<totem::Member> members{{NodeId(1), 1}};
    recorder.configuration({totem::Configuration::Kind::regular, ring, old_ring, members, {}});
    EXPECT_TRUE(recorder.truncated());
    recorder.send(place(2), Guarantee::agreed, {});
  }
  Recording recording(path_);
  EXPECT_TRUE(recording.truncated());
  EXPECT_TRUE(recording.next());
  EXPECT_FALSE(recording.next());
}

TEST_F(Recorded, EachStartHasItsOwnFile) {
  FileRecorder first(path_, NodeId(1), 0xa, plenty), second(path_, NodeId(1), 0xb, plenty);
  EXPECT_EQ(first.path(), path_);
  EXPECT_EQ(second.path(), path_ + ".000000000000000b");
  try {
    FileRecorder again(path_, NodeId(1), 0xb, plenty);
    FAIL() << "a recording was overwritten";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(second.path()));
  }
}

TEST(PayloadHash, DependsOnEveryByteAndOnTheLength) {
  std::set<std::uint64_t> seen;
  std::size_t tried = 0;
  for (const std::size_t size : {0, 1, 7, 8, 9, 31, 32, 33, 64, 100}) {
    auto bytes = payload(size);
    seen.insert(payload_hash(bytes)), ++tried;
    for (std::byte& byte : bytes) {
      byte ^= std::byte{1};
      seen.insert(payload_hash(bytes)), ++tried;
      byte ^= std::byte{1};
    }
  }
  for (std::size_t size = 200; size < 300; ++size)
    seen.insert(payload_hash(std::vector<std::byte>(size))), ++tried;
  EXPECT_EQ(seen.size(), tried);
}

}  // namespace
}  // namespace gyre
