#include "node/ring_store.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using test::TemporaryDirectory;
using Origin = RingStore::Origin;

TEST(RingStore, StartsAtNothingWhereNothingIs) {
  TemporaryDirectory directory;
  RingStore store(directory / "made");
  EXPECT_EQ(store.origin(), Origin::missing);
  EXPECT_EQ(store.bound(), 0u);
}

TEST(RingStore, NextRunStartsAboveAllThatWasReserved) {
  TemporaryDirectory directory;
  std::uint64_t bound = 0;
  {
    RingStore store(directory.path());
    bound = store.reserve(7);
    EXPECT_GE(bound, 7u);
    EXPECT_EQ(store.reserve(bound), bound) << "a seq that is reserved costs no second write";
    bound = store.reserve(bound + 1);
  }
  RingStore store(directory.path());
  EXPECT_EQ(store.origin(), Origin::read);
  EXPECT_EQ(store.bound(), bound);
}

TEST(RingStore, DamagedFileIsSeenAndReplaced) {
  TemporaryDirectory directory;
  RingStore(directory.path()).reserve(5000);
  const std::string good = test::read_file(directory / "ringid");
  std::string wrong = good;
  wrong[good.find('6')] = '9';  // 5000 + 1024
  for (const std::string& content :
       {good.substr(0, good.size() / 2), good.substr(0, good.size() - 1), good + "x", std::string(),
        std::string(4096, '\xff'), wrong, std::string("gyre-ringid 1 ")}) {
    test::write_file(directory / "ringid", content);
    RingStore store(directory.path());
    EXPECT_EQ(store.origin(), Origin::damaged) << content;
    EXPECT_EQ(store.bound(), 0u);
    EXPECT_EQ(RingStore(directory.path()).origin(), Origin::read) << "a good one stands now";
  }
}

TEST(RingStore, ACrashWhileWritingLeavesTheOldBound) {
  TemporaryDirectory directory;
  std::uint64_t bound = RingStore(directory.path()).reserve(100);
  test::write_file(directory / "ringid.new", "gyre-ring");
  EXPECT_EQ(RingStore(directory.path()).bound(), bound);
}

TEST(RingStore, NamesADirectoryThatCannotBeUsed) {
  TemporaryDirectory directory;
  try {
    RingStore store(directory / "no/where");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(directory / "no/where"), std::string::npos);
  }
  test::write_file(directory / "file", "");
  EXPECT_THROW(RingStore(directory / "file"), std::runtime_error);
  // /proc/self is a directory where even root cannot make a file.
  EXPECT_THROW(RingStore("/proc/self"), std::runtime_error);
}

TEST(RingStore, AFailedReservationKeepsTheOldBound) {
  TemporaryDirectory directory;
  RingStore store(directory / "state");
  const std::uint64_t bound = store.reserve(1);
  std::filesystem::remove_all(directory / "state");
  EXPECT_THROW(store.reserve(bound + 1), std::system_error);
  EXPECT_EQ(store.bound(), bound);
}

}  // namespace
}  // namespace gyre::node
