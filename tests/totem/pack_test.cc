#include "totem/pack.hh"

#include <gtest/gtest.h>

#include <string>

namespace gyre::totem {
namespace {

constexpr std::size_t frame_max = 1000;

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class Pack : public testing::Test {
 protected:
  Submitted submit(std::uint32_t source, const std::string& text,
                   Guarantee guarantee = Guarantee::agreed) {
    const std::span<const std::byte> parts[] = {bytes(text).first(text.size() / 3),
                                                bytes(text).subspan(text.size() / 3)};
    return packer_.submit(source, guarantee, parts);
  }
  // Takes all pending frames, as a ring would, and puts the messages together again.
  std::vector<std::string> take_all() {
    std::vector<std::string> messages;
    while (packer_.pending() > 0) read(packer_.take(), messages);
    return messages;
  }
  void read(const FrameRef& frame, std::vector<std::string>& messages) {
    EXPECT_LE(frame.size(), frame_max);
    for (std::size_t offset = wire::Data::size; offset < frame.size();) {
      const auto item = wire::read_item(frame.data() + offset);
      offset += wire::Item::size;
      std::optional<std::span<const std::byte>> whole = frame.bytes().subspan(offset, item.length);
      offset += item.length;
      if (item.flags & wire::Item::withdrawn) continue;
      if (item.flags != wire::Item::whole)
        whole = assembler_.add(NodeIndex::self, item.flags, *whole);
      if (whole) messages.emplace_back(reinterpret_cast<const char*>(whole->data()), whole->size());
    }
  }

  FramePool pool_{16, 0, 1024, 0};
  Packer packer_{pool_, frame_max, 8, 0};
  Assembler assembler_;
};

TEST_F(Pack, SmallMessagesShareAFrame) {
  for (int i = 0; i < 9; ++i) EXPECT_EQ(submit(1, std::string(100, 'a')), Submitted::taken);
  EXPECT_EQ(packer_.pending(), 1u);
  EXPECT_EQ(submit(1, std::string(100, 'b')), Submitted::taken);
  EXPECT_EQ(packer_.pending(), 2u);
  EXPECT_EQ(take_all().size(), 10u);
}

TEST_F(Pack, AMessageThatJustFitsAFrameIsNotSplit) {
  const std::string whole(frame_max - wire::Data::size - wire::Item::size, 'x');
  EXPECT_EQ(submit(1, whole), Submitted::taken);
  EXPECT_EQ(packer_.pending(), 1u);
  EXPECT_EQ(submit(1, whole + "x"), Submitted::later);
  EXPECT_EQ(packer_.pending(), 3u);
}

TEST_F(Pack, GuaranteesDoNotShareAFrame) {
  submit(1, "agreed");
  submit(1, "safe", Guarantee::safe);
  EXPECT_EQ(packer_.pending(), 2u);
  EXPECT_EQ(wire::read_data(packer_.take().bytes())->flags, 0);
  EXPECT_EQ(wire::read_data(packer_.take().bytes())->flags, wire::Data::safe);
}

TEST_F(Pack, WhenAllFramesAreFullTheMessageWaits) {
  const std::string half(600, 'h');
  for (int i = 0; i < 8; ++i) EXPECT_EQ(submit(1, half), Submitted::taken);
  EXPECT_EQ(submit(1, half), Submitted::later);
  packer_.take();
  EXPECT_EQ(submit(1, half), Submitted::taken);
}

TEST_F(Pack, ALargeMessageIsTakenOnceItsLastFragmentHasGone) {
  std::string large(20'000, ' ');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i % 251);
  std::vector<std::string> messages;
  int calls = 0;
  while (submit(1, large) == Submitted::later && ++calls < 100)
    if (packer_.pending() > 0) read(packer_.take(), messages);
  EXPECT_EQ(messages, std::vector<std::string>{large});
}

TEST_F(Pack, SmallMessagesOfOthersGoBetweenFragments) {
  const std::string large(20'000, 'L');
  std::vector<std::string> messages;
  submit(1, large);
  read(packer_.take(), messages);
  EXPECT_EQ(submit(2, "small"), Submitted::taken);
  EXPECT_EQ(submit(3, large), Submitted::later);
  while (submit(1, large) == Submitted::later)
    if (packer_.pending() > 0) read(packer_.take(), messages);
  EXPECT_EQ(messages, (std::vector<std::string>{"small", large}));
}

TEST_F(Pack, ARingThatEndsInTheMiddleMakesALargeMessageStartAgain) {
  const std::string large(5'000, 'L');
  std::vector<std::string> messages;
  submit(1, large);
  submit(2, "small");
  read(packer_.take(), messages);
  packer_.ring_changed();
  assembler_.clear();
  messages = take_all();
  EXPECT_EQ(messages, std::vector<std::string>{"small"});
  while (submit(1, large) == Submitted::later)
    for (auto& message : take_all()) messages.push_back(message);
  EXPECT_EQ(messages, (std::vector<std::string>{"small", large}));
}

TEST_F(Pack, ARingThatEndsBeforeTheFirstFragmentWentChangesNothing) {
  const std::string large(3'000, 'L');
  submit(1, large);
  packer_.ring_changed();
  EXPECT_EQ(take_all(), std::vector<std::string>{large});
  EXPECT_EQ(submit(1, large), Submitted::taken);
}

TEST_F(Pack, AnAbandonedMessageIsWithdrawnAndTheNextOneGoes) {
  submit(1, std::string(5'000, 'L'));
  packer_.abandon(1);
  EXPECT_TRUE(take_all().empty());
  const std::string next(2'000, 'N');
  submit(2, next);
  EXPECT_EQ(take_all(), std::vector<std::string>{next});
}

TEST_F(Pack, ASourceThatChangesItsLargeMessageStartsAgain) {
  submit(1, std::string(5'000, 'L'));
  submit(1, std::string(2'000, 'M'));
  EXPECT_EQ(take_all(), std::vector<std::string>{std::string(2'000, 'M')});
}

TEST_F(Pack, AllFramesGoBackToThePool) {
  submit(1, std::string(5'000, 'L'));
  submit(2, "small");
  packer_.clear();
  EXPECT_EQ(pool_.available(), pool_.count());
}

TEST(Assemble, EndlessFragmentsAreCutOffAtTheLimit) {
  Assembler assembler;
  const std::vector<std::byte> fragment(1000);
  const NodeIndex sender{3};
  assembler.add(sender, wire::Item::first, fragment);
  for (int i = 0; i < 2000; ++i) EXPECT_FALSE(assembler.add(sender, 0, fragment));
  EXPECT_FALSE(assembler.add(sender, wire::Item::last, fragment));
}

TEST(Assemble, AFragmentWithoutItsBeginningIsDropped) {
  Assembler assembler;
  EXPECT_FALSE(assembler.add(NodeIndex{1}, wire::Item::last, {}));
}

}  // namespace
}  // namespace gyre::totem
