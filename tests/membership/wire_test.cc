// What is written is what is read; nothing else can be read.
#include "membership/wire.hh"

#include <gtest/gtest.h>

#include <string>

#include "tests/membership/trace.hh"

namespace gyre::membership::wire {
namespace {

using Bytes = std::vector<std::byte>;

Bytes copy(const Encoded& encoded) {
  return bytes_of(text_of(encoded.view()));
}

bool readable(std::span<const std::byte> bytes) {
  return read_join(bytes) || read_leave(bytes) || read_process_down(bytes) || read_data(bytes) ||
         read_votes(bytes) || read_word(bytes);
}

const Votes some_votes{.what = Votes::What::votes,
                       .number = 3,
                       .subject = 2,
                       .request = 9,
                       .ring = {4, NodeId{1}, 0x77}};

TEST(Wire, LayoutStandsStill) {
  using namespace std::string_view_literals;
  EXPECT_EQ(copy(votes(some_votes)), bytes_of("\5\7\0\0\3\0\0\0\2\0\0\0\11\0\0\0\0\0\0\0"
                                              "\4\0\0\0\0\0\0\0\1\0\0\0\x77\0\0\0\0\0\0\0"sv));
  EXPECT_EQ(copy(join(0x01020304, 5, "ab")), bytes_of("\2\2\0\0\5\0\0\0\4\3\2\1ab"sv));
  EXPECT_EQ(copy(leave(6, GroupId{0x0102}, ChangeReason::process_down)),
            bytes_of("\3\5\0\0\6\0\0\0\2\1\0\0\0\0\0\0"sv));
  EXPECT_EQ(copy(process_down(7)), bytes_of("\4\0\0\0\7\0\0\0"sv));
  EXPECT_EQ(copy(data(8, GroupId{1})), bytes_of("\1\0\0\0\10\0\0\0\1\0\0\0\0\0\0\0"sv));
}

TEST(Wire, GroupIdsStandStill) {
  EXPECT_EQ(group_id("prices"), group_id(std::string("prices")));
  EXPECT_NE(group_id("a"), group_id("b"));
  EXPECT_NE(group_id("a"), group_id(std::string_view("a\0", 2)));
  EXPECT_EQ(static_cast<std::uint64_t>(group_id("a")), 0x82a2a958a9bece5bu);
}

TEST(Wire, GivesBackWhatWasWritten) {
  const Bytes joining = copy(join(0x01020304, 5, "prices"));
  const auto joined = read_join(joining);
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->pid, 0x01020304u);
  EXPECT_EQ(joined->client, 5u);
  EXPECT_EQ(joined->name, "prices");

  const GroupId group{0x1122334455667788};
  const auto left = read_leave(copy(leave(6, group, ChangeReason::leave)));
  ASSERT_TRUE(left);
  EXPECT_EQ(left->client, 6u);
  EXPECT_EQ(left->group, group);
  EXPECT_EQ(left->reason, ChangeReason::leave);

  const auto down = read_process_down(copy(process_down(0xffffffff)));
  ASSERT_TRUE(down);
  EXPECT_EQ(down->client, 0xffffffffu);

  EXPECT_EQ(read_votes(copy(votes(some_votes))), some_votes);

  Bytes message = copy(data(7, group));
  EXPECT_TRUE(read_data(message)->payload.empty());
  message.resize(message.size() + 3, std::byte{0x5a});
  const auto sent = read_data(message);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->client, 7u);
  EXPECT_EQ(sent->group, group);
  EXPECT_EQ(text_of(sent->payload), "ZZZ");
}

TEST(Wire, WordsHaveAnyTextUpToTheirLength) {
  using namespace std::string_view_literals;
  const Word said{.what = 1, .subject = 2, .request = 0x0304, .text = "ab"};
  EXPECT_EQ(copy(word(said)), bytes_of("\6\1\0\0\2\0\0\0\4\3\0\0\0\0\0\0ab"sv));
  for (const std::string& text :
       {std::string(), std::string("a\0b", 3), std::string(word_text_max, 'x')}) {
    const Bytes bytes = copy(
        word({.what = 255, .subject = 0xffffffff, .request = ~std::uint64_t{0}, .text = text}));
    EXPECT_LE(bytes.size(), header_max);
    const auto read = read_word(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->what, 255);
    EXPECT_EQ(read->subject, 0xffffffff);
    EXPECT_EQ(read->request, ~std::uint64_t{0});
    EXPECT_EQ(read->text, text);
  }
  Bytes bytes = copy(word({.text = std::string_view()}));
  EXPECT_FALSE(read_word(std::span(bytes).first(15)));
  bytes.resize(header_max + 1);
  EXPECT_FALSE(read_word(bytes));
  bytes.resize(header_max);
  EXPECT_TRUE(read_word(bytes));
  bytes[2] = std::byte{1};
  EXPECT_FALSE(read_word(bytes));
}

TEST(Wire, NamesAreOneTo128BytesOfAnyKind) {
  EXPECT_EQ(join(1, 2, "").size, 0u);
  EXPECT_EQ(join(1, 2, std::string(129, 'x')).size, 0u);
  for (const std::string& name :
       {std::string(1, '\0'), std::string("crmd\0", 5), std::string(128, '\xff')}) {
    const Bytes bytes = copy(join(1, 2, name));
    EXPECT_LE(bytes.size(), header_max);
    ASSERT_TRUE(read_join(bytes));
    EXPECT_EQ(read_join(bytes)->name, name);
  }
}

TEST(Wire, LengthsAreExact) {
  const Bytes messages[] = {copy(join(1, 2, std::string(128, 'n'))),
                            copy(join(1, 2, "n")),
                            copy(leave(2, GroupId{3}, ChangeReason::leave)),
                            copy(process_down(2)),
                            copy(data(2, GroupId{3})),
                            copy(votes(some_votes))};
  for (const Bytes& message : messages) {
    EXPECT_TRUE(readable(message));
    for (std::size_t size = 0; size < message.size(); ++size)
      EXPECT_FALSE(readable(std::span(message).first(size))) << size;
    Bytes longer = message;
    longer.push_back(std::byte{0});
    EXPECT_EQ(readable(longer), kind(message) == Kind::data);
  }
}

TEST(Wire, SpareBytesReasonsAndNameSizesAreChecked) {
  const auto with = [](Bytes bytes, std::size_t at, int value) {
    bytes[at] = std::byte(value);
    return bytes;
  };
  for (const Bytes& message :
       {copy(join(1, 2, "n")), copy(leave(2, GroupId{3}, ChangeReason::leave)),
        copy(process_down(2)), copy(data(2, GroupId{3})), copy(votes(some_votes))}) {
    EXPECT_FALSE(readable(with(message, 0, 0)));
    EXPECT_FALSE(readable(with(message, 0, 7)));
    EXPECT_FALSE(readable(with(message, 2, 1)));
    EXPECT_FALSE(readable(with(message, 3, 1)));
  }
  EXPECT_FALSE(read_process_down(with(copy(process_down(2)), 1, 1)));
  EXPECT_FALSE(read_data(with(copy(data(2, GroupId{3})), 1, 1)));
  for (const int reason : {0, 1, 3, 4, 6, 255})
    EXPECT_FALSE(read_leave(with(copy(leave(2, GroupId{3}, ChangeReason::leave)), 1, reason)));
  for (const int what : {0, 9, 255})
    EXPECT_FALSE(read_votes(with(copy(votes(some_votes)), 1, what)));
  const std::string long_name(129, 'n');
  Bytes too_long = with(copy(join(1, 2, long_name.substr(1))), 1, 129);
  too_long.push_back(std::byte{'n'});
  EXPECT_FALSE(read_join(too_long));
  EXPECT_FALSE(read_join(with(copy(join(1, 2, "n")), 1, 0)));
  EXPECT_FALSE(read_join(with(copy(join(1, 2, "n")), 1, 2)));
}

}  // namespace
}  // namespace gyre::membership::wire
