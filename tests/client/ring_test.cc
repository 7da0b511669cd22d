#include "transport/shm/ring.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace gyre::shm {
namespace {

class Ring : public ::testing::Test {
 protected:
  static constexpr std::size_t capacity = 256 << 10;

  static std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
  }
  bool write(std::string_view text, std::uint32_t kind = 1) {
    const std::array parts{bytes(text)};
    if (!producer.write(kind, parts)) return false;
    producer.publish();
    return true;
  }
  // The next record as text; "" when empty, "!" when broken.
  std::string read() {
    Record record;
    const Look look = consumer.peek(record);
    if (look != Look::record) return look == Look::broken ? "!" : "";
    std::string text(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
    consumer.consume();
    consumer.publish();
    return text;
  }
  std::size_t offset_of_next() {
    std::byte* at = producer.claim(1, 8);
    return at ? static_cast<std::size_t>(at - memory.data()) - sizeof(RecordHeader) : capacity;
  }

  std::vector<std::uint64_t> storage = std::vector<std::uint64_t>(capacity / 8);
  std::span<std::byte> memory = std::as_writable_bytes(std::span(storage));
  RingWords words;
  Producer producer{words, memory};
  Consumer consumer{words, memory};
};

TEST_F(Ring, GivesRecordsBackInOrderWithTheirKind) {
  const std::array parts{bytes("one"), bytes(""), bytes("two")};
  ASSERT_TRUE(producer.write(7, parts));
  ASSERT_TRUE(producer.write(8, {}));
  producer.publish();
  Record record;
  ASSERT_EQ(consumer.peek(record), Look::record);
  EXPECT_EQ(record.kind, 7u);
  EXPECT_EQ(read(), "onetwo");
  ASSERT_EQ(consumer.peek(record), Look::record);
  EXPECT_EQ(record.kind, 8u);
  EXPECT_TRUE(record.payload.empty());
  consumer.consume();
  EXPECT_EQ(consumer.peek(record), Look::empty);
}

TEST_F(Ring, ShowsNothingBeforeItIsPublished) {
  const std::array parts{bytes("hidden")};
  ASSERT_TRUE(producer.write(1, parts));
  EXPECT_FALSE(consumer.pending());
  EXPECT_EQ(read(), "");
  producer.publish();
  EXPECT_TRUE(consumer.pending());
  EXPECT_EQ(read(), "hidden");
}

TEST_F(Ring, ForgetsAClaimThatIsNotCommitted) {
  ASSERT_NE(producer.claim(1, 100), nullptr);
  ASSERT_TRUE(write("kept"));
  EXPECT_EQ(read(), "kept");
}

TEST_F(Ring, IsFullOfExactlyItsCapacityAndFreeAgainOnlyWhenGivenBack) {
  const std::string record(1024 - sizeof(RecordHeader), 'x');
  for (std::size_t i = 0; i < capacity / 1024; ++i) ASSERT_TRUE(write(record));
  EXPECT_FALSE(write(""));
  EXPECT_FALSE(producer.has_room(0));
  Record peeked;
  ASSERT_EQ(consumer.peek(peeked), Look::record);
  consumer.consume();
  EXPECT_FALSE(write(record));
  consumer.publish();
  EXPECT_TRUE(write(record));
  EXPECT_FALSE(write(""));
}

TEST_F(Ring, RefusesWhatCanNeverFit) {
  EXPECT_EQ(producer.claim(1, capacity - sizeof(RecordHeader) + 1), nullptr);
  EXPECT_TRUE(write(std::string(capacity - sizeof(RecordHeader), 'x')));
}

TEST_F(Ring, PadsTheEndAndGoesOnAtTheBeginning) {
  const std::string third(capacity / 3, 'a');
  ASSERT_TRUE(write(third));
  ASSERT_TRUE(write(third));
  ASSERT_EQ(read(), third);
  // Not empty, so no restart: the last third is too small by its header, and is padded.
  const std::string next(capacity / 3, 'b');
  ASSERT_TRUE(write(next));
  EXPECT_EQ(words.restarted.load(), 0u);
  ASSERT_FALSE(write("")) << "the padding and the two records are all that there is";
  EXPECT_EQ(read(), third);
  EXPECT_EQ(read(), next);
  EXPECT_EQ(read(), "");
  EXPECT_TRUE(write("small"));
  EXPECT_EQ(read(), "small");
}

TEST_F(Ring, RestartsAtTheBeginningWhenEmptySoThatMemoryFollowsTheBacklog) {
  const std::string record(1000, 'x');
  std::size_t furthest = 0;
  for (int i = 0; i < 10'000; ++i) {
    furthest = std::max(furthest, offset_of_next());
    ASSERT_TRUE(write(record));
    ASSERT_EQ(read(), record);
  }
  EXPECT_LE(furthest, std::size_t{72} << 10);
}

TEST_F(Ring, HasItsWholeCapacityRightAfterARestart) {
  const std::string record(1024 - sizeof(RecordHeader), 'x');
  while (offset_of_next() < 70'000 && offset_of_next() >= words.consumed.load() % capacity) {
    ASSERT_TRUE(write(record));
    ASSERT_EQ(read(), record);
    if (words.restarted.load() > 0) break;
  }
  // Wherever it stands now, an empty ring takes one record of its whole size.
  const std::string all(capacity - sizeof(RecordHeader), 'y');
  ASSERT_TRUE(write("a little further"));
  ASSERT_EQ(read(), "a little further");
  ASSERT_TRUE(write(all));
  EXPECT_FALSE(write(""));
  EXPECT_EQ(read(), all);
}

TEST_F(Ring, TakesARestartThatWasNotFollowedByARecord) {
  ASSERT_TRUE(write(std::string(100'000, 'x')));
  read();
  ASSERT_NE(producer.claim(1, capacity - sizeof(RecordHeader)), nullptr);  // restarts
  producer.publish();
  EXPECT_EQ(read(), "");
  ASSERT_TRUE(write("behind it"));
  EXPECT_EQ(read(), "behind it");
}

TEST_F(Ring, LooksAtNothingPublishedAfterClosing) {
  ASSERT_TRUE(write("before"));
  consumer.close();
  ASSERT_TRUE(write("after"));
  EXPECT_EQ(read(), "before");
  EXPECT_EQ(read(), "");
  EXPECT_FALSE(consumer.pending());
}

// Any lengths, any batches, any backlog: what comes out is what went in.
TEST_F(Ring, KeepsEveryRecordUnderRandomUse) {
  std::mt19937_64 random(20240607);
  std::deque<std::string> expected;
  for (int step = 0; step < 200'000; ++step) {
    if (random() % 2) {
      const std::size_t longest = random() % 64 ? 300 : capacity / 2;
      const std::string text(random() % longest, static_cast<char>('a' + random() % 26));
      const std::array parts{bytes(text)};
      if (producer.write(1, parts)) expected.push_back(text);
      if (random() % 4 == 0) producer.publish();
    } else {
      Record record;
      for (auto count = random() % 8; count > 0 && consumer.peek(record) == Look::record; --count) {
        ASSERT_FALSE(expected.empty());
        ASSERT_EQ(record.payload.size(), expected.front().size());
        ASSERT_EQ(
            std::memcmp(record.payload.data(), expected.front().data(), record.payload.size()), 0);
        expected.pop_front();
        consumer.consume();
      }
      if (random() % 2) consumer.publish();
    }
  }
  EXPECT_FALSE(producer.broken());
  EXPECT_GT(words.written.load(), 20 * capacity);
}

TEST_F(Ring, CarriesRecordsBetweenTwoThreads) {
  constexpr std::uint64_t count = 200'000;
  std::thread other([this] {
    std::uint64_t next = 0;
    for (Record record; next < count;) {
      const Look look = consumer.peek(record);
      ASSERT_NE(look, Look::broken);
      if (look == Look::empty) {
        std::this_thread::yield();
        continue;
      }
      std::uint64_t number;
      ASSERT_GE(record.payload.size(), sizeof number);
      std::memcpy(&number, record.payload.data(), sizeof number);
      ASSERT_EQ(number, next++);
      ASSERT_EQ(record.payload.back(), std::byte(record.payload.size()));
      consumer.consume();
      consumer.publish();
    }
  });
  for (std::uint64_t number = 0; number < count;) {
    const std::size_t size = 9 + number * 7919 % 2000;
    std::byte* at = producer.claim(1, size);
    if (!at) {
      std::this_thread::yield();
      continue;
    }
    std::memcpy(at, &number, sizeof number);
    at[size - 1] = std::byte(size);
    producer.commit();
    producer.publish();
    ++number;
  }
  other.join();
  EXPECT_TRUE(producer.drained());
}

// ---- the other side is not to be trusted ----

TEST_F(Ring, BreaksOnAPositionThatCannotBe) {
  for (const std::uint64_t written :
       {std::uint64_t{4}, std::uint64_t{capacity} + 8, ~std::uint64_t{7}, ~std::uint64_t{0}}) {
    Consumer fresh(words, memory);
    words.written.store(written);
    Record record;
    EXPECT_EQ(fresh.peek(record), Look::broken) << written;
    EXPECT_EQ(fresh.peek(record), Look::broken) << "and stays so";
    EXPECT_TRUE(fresh.pending()) << "so that a sleeper wakes and sees it";
  }
}

TEST_F(Ring, BreaksOnAPositionThatGoesBack) {
  ASSERT_TRUE(write("one"));
  ASSERT_TRUE(write("two"));
  read();
  read();
  words.written.store(8);
  EXPECT_EQ(read(), "!");
}

TEST_F(Ring, BreaksOnARestartThatCannotBe) {
  for (const std::uint64_t restarted :
       {std::uint64_t{8}, std::uint64_t{2 * capacity}, std::uint64_t{capacity}}) {
    Consumer fresh(words, memory);
    words.written.store(64);
    words.restarted.store(restarted);
    Record record;
    EXPECT_EQ(fresh.peek(record), Look::broken) << restarted;
  }
}

TEST_F(Ring, BreaksOnALengthThatLeavesTheRing) {
  for (const std::uint32_t length :
       {std::uint32_t{57}, std::uint32_t{1} << 20, ~std::uint32_t{0}}) {
    Consumer fresh(words, memory);
    const RecordHeader header{.length = length, .kind = 1};
    std::memcpy(memory.data(), &header, sizeof header);
    words.written.store(64);
    Record record;
    EXPECT_EQ(fresh.peek(record), Look::broken) << length;
  }
}

TEST_F(Ring, BreaksOnPaddingWhereNoneBelongs) {
  ASSERT_TRUE(write("one"));
  read();
  // To the end, but nothing behind it; then at the beginning, for the whole ring.
  const RecordHeader header{.length = capacity - 16 - 8, .kind = 0};
  std::memcpy(memory.data() + 16, &header, sizeof header);
  words.written.store(capacity);
  EXPECT_EQ(read(), "!");

  Consumer fresh(words, memory);
  const RecordHeader whole{.length = capacity - 8, .kind = 0};
  std::memcpy(memory.data(), &whole, sizeof whole);
  Record record;
  EXPECT_EQ(fresh.peek(record), Look::broken);
}

TEST_F(Ring, BreaksForTheProducerWhenMoreIsConsumedThanWritten) {
  ASSERT_TRUE(write("one"));
  words.consumed.store(1 << 10);
  producer.consumed();
  EXPECT_TRUE(producer.broken());
  EXPECT_EQ(producer.claim(1, 8), nullptr);
  EXPECT_TRUE(producer.has_room(8)) << "so that nobody waits for it";
}

// Whatever stands in the words and in the memory: every call returns, every record lies inside.
TEST_F(Ring, SurvivesGarbageOfEveryKind) {
  std::mt19937_64 random(77);
  for (int round = 0; round < 20'000; ++round) {
    const auto position = [&]() -> std::uint64_t {
      switch (random() % 4) {
        case 0:
          return random() % 512 * 8;
        case 1:
          return random() % (4 * capacity);
        case 2:
          return random() % 4 * capacity;
        default:
          return random();
      }
    };
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t length =
          random() % 2 ? random() % 64 : static_cast<std::uint32_t>(random());
      storage[random() % 2 ? i : capacity / 8 - 1 - i] = length | random() % 3 << 32;
    }
    words.written.store(0);
    words.restarted.store(0);
    words.consumed.store(0);
    Consumer reader(words, memory);
    Producer writer(words, memory);
    for (int step = 0; step < 16; ++step) {
      words.written.store(position());
      words.restarted.store(position());
      words.consumed.store(position());
      Record record;
      if (reader.peek(record) == Look::record) {
        ASSERT_GE(record.payload.data(), memory.data());
        ASSERT_LE(record.payload.data() + record.payload.size(), memory.data() + memory.size());
        reader.consume();
        reader.publish();
      }
      const std::size_t size = random() % 4096;
      if (std::byte* at = writer.claim(1, size)) {
        ASSERT_GE(at, memory.data());
        ASSERT_LE(at + size, memory.data() + memory.size());
        writer.commit();
        if (random() % 2) writer.publish();
      }
    }
  }
}

}  // namespace
}  // namespace gyre::shm
