// What the records of the two rings contain. Both sides run on one machine: numbers are as the
// processor has them. Every structure is a multiple of 8 bytes without holes of its own.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace gyre::shm {

// Bytes of one message's payload: what the ring takes (1 MiB) less room for headers.
inline constexpr std::size_t message_max = (1 << 20) - 1024;
inline constexpr std::size_t group_name_max = 128;
inline constexpr std::size_t groups_max = 256;  // that one program may be in

// ---- from the program ----

enum class RequestKind : std::uint32_t {
  join = 1,   // the name
  leave = 2,  // the name
  send = 3,   // SendRecord, the name padded to 8, the payload
};

struct SendRecord {
  std::uint32_t guarantee = 0;  // 0 agreed, 1 safe
  std::uint32_t name_size = 0;
};

// ---- to the program ----

enum class EventKind : std::uint32_t {
  message = 1,       // MessageRecord, the name padded to 8, the payload
  view = 2,          // ViewRecord, members × MemberRecord, (joined + left) × u32
  transitional = 3,  // TransitionalRecord, members × MemberRecord
  group_change = 4,  // ChangeRecord, members × ProcessRecord, (joined + left) × EntryRecord, name
  join_refused = 5,  // RefusedRecord, the name, the reason
  membership_refused = 6,  // the same
  verdict = 7,             // VerdictChangeRecord
};

struct RingRecord {
  std::uint64_t seq = 0, incarnation = 0;
  std::uint32_t representative = 0, unused = 0;
};
struct PlaceRecord {
  RingRecord ring;
  std::uint64_t seq = 0;
  std::uint32_t index = 0, unused = 0;
};
struct ProcessRecord {
  std::uint32_t node = 0, pid = 0, client = 0;
};
struct MemberRecord {
  std::uint64_t since = 0;
  std::uint32_t node = 0, unused = 0;
};
struct EntryRecord {
  ProcessRecord process;
  std::uint32_t reason = 0;
};

struct MessageRecord {
  PlaceRecord place;
  ProcessRecord sender;
  std::uint32_t guarantee = 0, name_size = 0, unused = 0;
};
struct VerdictRecord {       // membership::Verdict; reason, fencing and flags are as there
  std::uint64_t number = 0;  // among those that this daemon has told
  std::uint32_t quorate = 0, reason = 0, fencing = 0, flags = 0;
  std::uint32_t total = 0, expected = 0, highest = 0, quorum = 0;
  std::uint32_t withheld = 0, tie_breaker = 0;
};
struct ViewRecord {
  std::uint64_t number = 0;
  RingRecord ring;
  std::uint32_t members = 0, joined = 0, left = 0, oldest = 0;
  VerdictRecord verdict;
};
struct VerdictChangeRecord {
  PlaceRecord place;
  VerdictRecord verdict;
};
struct TransitionalRecord {
  RingRecord ring, previous;
  std::uint32_t members = 0, unused = 0;
};
// The members, sorted, stand only in the change with which the program itself comes into the group
// (which has it for a member, at least): from then on it knows them from what changes.
struct ChangeRecord {
  PlaceRecord place;
  std::uint32_t members = 0, joined = 0, left = 0, name_size = 0;
};
struct RefusedRecord {
  std::uint32_t name_size = 0, reason_size = 0;
};

constexpr std::size_t padded(std::size_t size) noexcept {
  return (size + 7) & ~std::size_t{7};
}

// Fills a record whose size was computed before.
class RecordWriter {
 public:
  explicit RecordWriter(std::byte* at) noexcept : at_(at) {}

  template <typename T>
  void put(const T& value) noexcept {
    static_assert(std::has_unique_object_representations_v<T>);
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void put_bytes(std::span<const std::byte> bytes) noexcept {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void put_text(std::string_view text) noexcept { put_bytes(std::as_bytes(std::span(text))); }
  void put_text_padded(std::string_view text) noexcept {
    put_text(text);
    const std::size_t pad = padded(text.size()) - text.size();
    std::memset(at_, 0, pad);
    at_ += pad;
  }

 private:
  std::byte* at_;
};

// Takes a record apart. What is not there is read as nothing and makes it not ok().
class RecordReader {
 public:
  explicit RecordReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  bool ok() const noexcept { return ok_; }
  template <typename T>
  T get() noexcept {
    T value{};
    if (const auto bytes = get_bytes(sizeof value); !bytes.empty())
      std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof value);
    return value;
  }
  std::span<const std::byte> get_bytes(std::size_t count) noexcept {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const auto bytes = rest_.first(count);
    rest_ = rest_.subspan(count);
    return bytes;
  }
  std::string_view get_text(std::size_t count) noexcept { return as_text(get_bytes(count)); }
  std::string_view get_text_padded(std::size_t count) noexcept {
    return as_text(get_bytes(padded(count))).substr(0, ok_ ? count : 0);
  }
  std::span<const std::byte> get_rest() noexcept { return get_bytes(rest_.size()); }

 private:
  static std::string_view as_text(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace gyre::shm
