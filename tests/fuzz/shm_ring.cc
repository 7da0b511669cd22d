// The byte ring in shared memory: between honest sides nothing is lost; with a hostile one every
// call returns, and every record and every claim lies inside.
#include "transport/shm/ring.hh"

#include <array>
#include <cassert>

#include "tests/fuzz/script.hh"

namespace {

using namespace gyre;
using namespace gyre::shm;

constexpr std::size_t capacity = 4096, steps_max = 128;

class Run {
 public:
  explicit Run(std::span<std::byte> memory) : memory_(memory) {}

  void step(fuzz::Script& script) {
    const std::uint8_t choice = script.byte();
    switch (choice & 7) {
      case 0:
      case 1:
        return write(script, choice);
      case 2:
        producer_.publish();
        return;
      case 3:
      case 4:
        return read(choice);
      case 5:
        consumer_.publish();
        return;
      case 6:
        return spoil_words(script, choice);
      case 7:
        return spoil_memory(script, choice);
    }
  }

 private:
  struct Written {
    std::uint32_t kind;
    std::size_t size;
  };

  void write(fuzz::Script& script, std::uint8_t choice) {
    const std::size_t size =
        choice & 8 ? script.number<std::uint16_t>() % (capacity + 16) : script.byte() % 64u;
    const std::uint32_t kind = 1 + (choice >> 4);
    const bool room = producer_.has_room(size);
    std::byte* const at = producer_.claim(kind, size);
    assert(!at || inside(at, size));
    assert(room == (at != nullptr) || producer_.broken() || hostile_);
    if (!at) return;
    std::fill_n(at, size, std::byte(count_written_));
    producer_.commit();
    if (count_written_ - count_read_ < written_.size())
      written_[count_written_ % written_.size()] = {kind, size};
    else
      hostile_ = true;  // more than this test remembers
    ++count_written_;
  }

  void read(std::uint8_t choice) {
    Record record;
    const Look look = consumer_.peek(record);
    assert(hostile_ || look != Look::broken);
    if (look == Look::broken) assert(consumer_.pending());
    if (look != Look::record) return;
    assert(record.kind != 0 && inside(record.payload.data(), record.payload.size()));
    assert(hostile_ || all_are(record.payload, std::byte(count_read_)));
    if (!hostile_) {
      const Written& written = written_[count_read_ % written_.size()];
      assert(count_read_ < count_written_);
      assert(record.kind == written.kind && record.payload.size() == written.size);
    }
    if (choice & 0x10) return;  // and will be looked at again
    consumer_.consume();
    ++count_read_;
  }

  void spoil_words(fuzz::Script& script, std::uint8_t choice) {
    hostile_ = true;
    const std::array<std::atomic<std::uint64_t>*, 3> words = {&words_.written, &words_.restarted,
                                                              &words_.consumed};
    std::uint64_t value = script.number<std::uint16_t>();
    if (choice & 8) value *= 8;
    if (choice & 0x10) value = script.number<std::uint64_t>();
    std::atomic<std::uint64_t>& word = *words[(choice >> 6) % 3];
    word.store(choice & 0x20 ? word.load() + value : value);
  }

  void spoil_memory(fuzz::Script& script, std::uint8_t choice) {
    hostile_ = true;
    const std::size_t at = script.number<std::uint16_t>() % (capacity / 8) * 8;
    const RecordHeader header{.length = choice & 8 ? script.number<std::uint32_t>()
                                                   : script.number<std::uint16_t>() % (2 * 4096u),
                              .kind = choice >> 6 & 3u};
    std::memcpy(memory_.data() + at, &header, sizeof header);
  }

  static bool all_are(std::span<const std::byte> bytes, std::byte value) {
    return bytes.empty() ||
           (bytes[0] == value && std::memcmp(&bytes[0], &bytes[0] + 1, bytes.size() - 1) == 0);
  }
  bool inside(const std::byte* at, std::size_t size) const {
    return at >= memory_.data() && at + size <= memory_.data() + memory_.size();
  }

  std::span<std::byte> memory_;
  RingWords words_;
  Producer producer_{words_, memory_};
  Consumer consumer_{words_, memory_};
  std::array<Written, 1024> written_;
  std::size_t count_written_ = 0, count_read_ = 0;
  bool hostile_ = false;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  alignas(8) static std::array<std::byte, capacity> memory;
  memory.fill({});
  fuzz::Script script(data, size);
  Run run(memory);
  for (std::size_t i = 0; i < steps_max && !script.done(); ++i) run.step(script);
  return 0;
}
