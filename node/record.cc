#include "node/record.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <system_error>

namespace gyre::node {

namespace {

using namespace record_format;

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Odd numbers without structure: the fractional parts of square roots of primes.
constexpr std::array<std::uint64_t, 4> keys = {0x6a09e667f3bcc909, 0xbb67ae8584caa73b,
                                               0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1};

std::uint64_t load(const std::byte* from, std::size_t size) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

[[noreturn]] void fail(const std::string& path, const char* call) {
  throw std::system_error(errno, std::generic_category(), path + ": " + call);
}

int make_file(std::string& path, std::uint64_t incarnation) {
  constexpr int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  int file = open(path.c_str(), flags, 0640);
  if (file < 0 && errno == EEXIST) {
    char suffix[24];
    std::snprintf(suffix, sizeof suffix, ".%016llx", static_cast<unsigned long long>(incarnation));
    path += suffix;
    file = open(path.c_str(), flags, 0640);
  }
  if (file < 0) fail(path, "open");
  return file;
}

constexpr std::size_t ids_per_record = std::size(Record{}.members);

}  // namespace

// Four sums side by side, so that the multiplications do not wait for each other.
std::uint64_t payload_hash(std::span<const std::byte> payload) noexcept {
  std::array<std::uint64_t, 4> sums = keys;
  const std::byte* at = payload.data();
  std::size_t left = payload.size();
  for (; left >= 32; at += 32, left -= 32)
    for (std::size_t lane = 0; lane < 4; ++lane)
      sums[lane] = mix(sums[lane] ^ load(at + 8 * lane, 8), keys[lane]) + keys[3 - lane];
  for (std::size_t lane = 0; left > 0; ++lane) {
    const std::size_t size = std::min<std::size_t>(left, 8);
    sums[lane] = mix(sums[lane] ^ load(at, size), keys[lane]) + keys[3 - lane];
    at += size;
    left -= size;
  }
  std::uint64_t hash = payload.size();
  for (std::size_t lane = 0; lane < 4; ++lane) hash = mix(hash ^ sums[lane], keys[lane]) + lane;
  return hash;
}

OfVerdict record_format::flat(const totem::Place& place,
                              const membership::Verdict& verdict) noexcept {
  return {.seq = number(place.seq),
          .index = place.index,
          .total = verdict.total_votes,
          .expected = verdict.expected_votes,
          .quorum = verdict.quorum,
          .withheld = verdict.withheld_votes,
          .quorate = verdict.quorate,
          .reason = static_cast<std::uint8_t>(verdict.reason),
          .fencing = static_cast<std::uint8_t>(verdict.fencing),
          .flags = verdict.flags};
}

FileRecorder::FileRecorder(const std::string& path, NodeId self, std::uint64_t incarnation,
                           std::size_t bytes_max)
    : path_(path), self_(self) {
  file_ = make_file(path_, incarnation);
  bytes_ = std::max(bytes_max, sizeof(Header) + sizeof(Record));
  if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0) {
    close(file_);
    fail(path_, "ftruncate");
  }
  void* mapped = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (mapped == MAP_FAILED) {
    close(file_);
    fail(path_, "mmap");
  }
  header_ = static_cast<Header*>(mapped);
  records_ = reinterpret_cast<Record*>(header_ + 1);
  capacity_ = (bytes_ - sizeof(Header)) / sizeof(Record);

  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  header_->version = record_format::version;
  header_->node = static_cast<std::uint32_t>(self);
  header_->incarnation = incarnation;
  header_->started = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                     static_cast<std::uint64_t>(now.tv_nsec);
  std::atomic_ref(header_->magic).store(magic, std::memory_order_release);
}

// An orderly end gives back the part of the file that was not used.
FileRecorder::~FileRecorder() {
  munmap(header_, bytes_);
  const std::size_t written = sizeof(Header) + used_ * sizeof(Record);
  [[maybe_unused]] const int shrunk = ftruncate(file_, static_cast<off_t>(written));
  close(file_);
}

// The next `count` records, or nothing: then the recording ends here, so that what it holds is
// everything up to one instant.
Record* FileRecorder::take(std::size_t count) noexcept {
  if (truncated()) return nullptr;
  if (capacity_ - used_ < count) {
    std::atomic_ref(header_->truncated).store(1, std::memory_order_release);
    return nullptr;
  }
  Record* record = records_ + used_;
  used_ += count;
  return record;
}

void FileRecorder::commit(Record* record) noexcept {
  const auto number = static_cast<std::uint64_t>(record - records_) + 1;
  std::atomic_ref(record->commit).store(number, std::memory_order_release);
}

void FileRecorder::message(Kind kind, const totem::Place& place, NodeId sender,
                           totem::Guarantee guarantee,
                           std::span<const std::byte> payload) noexcept {
  Record* record = take(1);
  if (!record) return;
  record->ring_seq = place.ring.seq;
  record->ring_incarnation = place.ring.incarnation;
  record->ring_representative = static_cast<std::uint32_t>(place.ring.representative);
  record->kind = kind;
  record->guarantee = static_cast<std::uint8_t>(guarantee);
  record->message.seq = number(place.seq);
  record->message.hash = payload_hash(payload);
  record->message.index = place.index;
  record->message.sender = static_cast<std::uint32_t>(sender);
  record->message.length = static_cast<std::uint32_t>(payload.size());
  commit(record);
}

void FileRecorder::send(const totem::Place& place, totem::Guarantee guarantee,
                        std::span<const std::byte> payload) noexcept {
  message(Kind::send, place, self_, guarantee, payload);
}

void FileRecorder::deliver(const totem::Message& m) noexcept {
  message(Kind::deliver, m.place, m.sender, m.guarantee, m.payload);
}

void FileRecorder::verdict(const totem::Place& place, const membership::Verdict& verdict) noexcept {
  Record* record = take(1);
  if (!record) return;
  record->ring_seq = place.ring.seq;
  record->ring_incarnation = place.ring.incarnation;
  record->ring_representative = static_cast<std::uint32_t>(place.ring.representative);
  record->kind = Kind::verdict;
  record->verdict = flat(place, verdict);
  commit(record);
}

void FileRecorder::configuration(const totem::Configuration& c) noexcept {
  const std::size_t more = (c.members.size() + ids_per_record - 1) / ids_per_record;
  Record* record = take(1 + more);
  if (!record) return;
  record->ring_seq = c.ring.seq;
  record->ring_incarnation = c.ring.incarnation;
  record->ring_representative = static_cast<std::uint32_t>(c.ring.representative);
  record->kind = c.kind == totem::Configuration::Kind::regular ? Kind::regular : Kind::transitional;
  record->count = static_cast<std::uint16_t>(c.members.size());
  record->previous.seq = c.previous.seq;
  record->previous.incarnation = c.previous.incarnation;
  record->previous.representative = static_cast<std::uint32_t>(c.previous.representative);
  for (std::size_t i = 0; i < c.members.size(); ++i) {
    Record& part = record[1 + i / ids_per_record];
    part.kind = Kind::members;
    part.members[i % ids_per_record] = static_cast<std::uint32_t>(c.members[i].node);
  }
  for (std::size_t i = 1; i <= more; ++i) commit(record + i);
  commit(record);
}

}  // namespace gyre::node
