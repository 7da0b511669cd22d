// A recording as the checker reads it, damaged or not: events, or a refusal that names the file.
#include "tests/check/recording.hh"

#include <array>
#include <cassert>

#include "tests/fuzz/sanitizer.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre;
using node::record_format::Header;
using node::record_format::Record;

// Records whose numbers follow each other, under a header that is right: unless the script says
// otherwise. What lies behind them is not to be touched.
std::span<const std::byte> make(fuzz::Script& script) {
  alignas(Header) static std::array<std::byte, 4096> file;
  const std::uint8_t choice = script.byte();
  const auto bytes = script.bytes(file.size());
  ASAN_UNPOISON_MEMORY_REGION(file.data(), file.size());
  std::ranges::copy(bytes, file.begin());
  if (choice & 1 && bytes.size() >= sizeof(Header)) {
    const auto magic = node::record_format::magic;
    const auto version = node::record_format::version;
    std::memcpy(file.data(), &magic, sizeof magic);
    std::memcpy(file.data() + offsetof(Header, version), &version, sizeof version);
  }
  for (std::size_t i = 0; choice & 2 && sizeof(Header) + (i + 1) * sizeof(Record) <= bytes.size();
       ++i) {
    const std::uint64_t commit = i + 1;
    std::byte* const record = file.data() + sizeof(Header) + i * sizeof(Record);
    std::memcpy(record + offsetof(Record, commit), &commit, sizeof commit);
    if (choice & 4) record[offsetof(Record, count) + 1] = {};
  }
  ASAN_POISON_MEMORY_REGION(file.data() + bytes.size(), file.size() - bytes.size());
  return std::span(file).first(bytes.size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string path = "a recording";
  fuzz::Script script(data, size);
  try {
    check::Recording recording(path, make(script));
    std::size_t events = 0;
    while (recording.next()) ++events;
    assert(events <= size / sizeof(Record));
  } catch (const std::runtime_error& error) {
    assert(std::string_view(error.what()).starts_with(path));
  }
  return 0;
}
