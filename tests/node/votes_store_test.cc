#include "node/votes_store.hh"

#include <gtest/gtest.h>

#include "node/votes_file.hh"
#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using test::TemporaryDirectory;
using Origin = VotesStore::Origin;

membership::KeptVotes some() {
  membership::KeptVotes kept;
  kept.consensus = std::chrono::milliseconds(1200);
  kept.highest = 5;
  for (const std::uint32_t node : {7u, 3u, 4'000'000'000u}) kept.seen.add(NodeId{node});
  return kept;
}

TEST(VotesStore, KnowsNothingWhereNothingIs) {
  TemporaryDirectory directory;
  const VotesStore store(directory / "made");
  EXPECT_EQ(store.origin(), Origin::missing);
  EXPECT_EQ(store.kept(), membership::KeptVotes{});
}

TEST(VotesStore, NextRunKnowsWhatWasKept) {
  TemporaryDirectory directory;
  VotesStore(directory.path()).keep(some());
  VotesStore store(directory.path());
  EXPECT_EQ(store.origin(), Origin::read);
  EXPECT_EQ(store.kept(), some());
  EXPECT_EQ(test::read_file(directory / "votes").substr(0, 37),
            "gyre-votes 2 1200 5 3 3 7 4000000000 ");
}

TEST(VotesStore, ADamagedFileIsNotBelievedInPart) {
  TemporaryDirectory directory;
  VotesStore(directory.path()).keep(some());
  const std::string good = test::read_file(directory / "votes");
  std::string wrong = good;
  wrong[13] = '4';
  for (const std::string& content :
       {good.substr(0, good.size() / 2), good.substr(0, good.size() - 1), good + "x", std::string(),
        std::string(9000, '7'), wrong, std::string("gyre-votes 2 1200 5 200 1")}) {
    test::write_file(directory / "votes", content);
    VotesStore store(directory.path());
    EXPECT_EQ(store.origin(), Origin::damaged) << content;
    EXPECT_EQ(store.kept(), membership::KeptVotes{});
    store.keep({});
    EXPECT_EQ(VotesStore(directory.path()).origin(), Origin::read) << "a good one stands now";
  }
}

TEST(VotesStore, WhatWasPromisedForLongerIsKept) {
  using std::chrono::milliseconds;
  TemporaryDirectory directory;
  const auto promised = [&](Duration consensus) {
    VotesStore(directory.path()).promise(consensus);
    return VotesStore(directory.path()).kept().consensus;
  };
  EXPECT_EQ(promised(milliseconds(300)), milliseconds(300));
  EXPECT_EQ(promised(milliseconds(200)), milliseconds(300));
  EXPECT_EQ(promised(std::chrono::microseconds(300'001)), milliseconds(301));
  test::write_file(directory / "votes", "damaged");
  VotesStore(directory.path()).promise(milliseconds(400));
  EXPECT_EQ(VotesStore(directory.path()).origin(), Origin::damaged) << "it says so until it knows";
}

TEST(VotesStore, AsManyNodesAsThereCanBeFit) {
  membership::KeptVotes kept;
  kept.consensus = std::chrono::milliseconds(0xffff'ffff);
  kept.highest = 0xffff'ffff;
  for (std::uint32_t i = 0; i < nodes_max; ++i) kept.seen.add(NodeId{0xffff'ffff - i});
  const std::string content = encode_votes_file(kept);
  EXPECT_LE(content.size(), votes_file_max);
  EXPECT_EQ(decode_votes_file(content), kept);
}

TEST(VotesStore, WhatCannotBeKeptIsToldAndWhatWasStands) {
  TemporaryDirectory directory;
  VotesStore store(directory / "state");
  store.keep(some());
  std::filesystem::remove_all(directory / "state");
  EXPECT_THROW(store.keep({}), std::system_error);
  EXPECT_EQ(store.kept(), some());
}

}  // namespace
}  // namespace gyre::node
