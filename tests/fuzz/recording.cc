// A recording as the checker reads it, damaged or not: events, or a refusal that names the file.
#include "tests/check/recording.hh"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cassert>

#include "tests/fuzz/script.hh"

namespace {

using namespace gyre;
using node::record_format::Header;
using node::record_format::Record;

// A file that has no place on a disk.
class MemoryFile {
 public:
  MemoryFile() : number_(memfd_create("recording", MFD_CLOEXEC)) { assert(number_ >= 0); }
  void write(std::span<const std::byte> bytes) const {
    const bool good =
        ftruncate(number_, static_cast<off_t>(bytes.size())) == 0 &&
        pwrite(number_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
    assert(good);
    static_cast<void>(good);
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(number_); }

 private:
  int number_;
};

// Records whose numbers follow each other, under a header that is right: unless the script says
// otherwise.
std::span<const std::byte> make(fuzz::Script& script) {
  static std::array<std::byte, 4096> file;
  const std::uint8_t choice = script.byte();
  const auto bytes = script.bytes(file.size());
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
  return std::span(file).first(bytes.size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  static const std::string path = file.path();
  fuzz::Script script(data, size);
  file.write(make(script));
  try {
    check::Recording recording(path);
    std::size_t events = 0;
    while (recording.next()) ++events;
    assert(events <= size / sizeof(Record));
  } catch (const std::runtime_error& error) {
    assert(std::string_view(error.what()).starts_with(path));
  }
  return 0;
}
