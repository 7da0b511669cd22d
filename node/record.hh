// What one start of a node sent, delivered and installed, kept for the checker.
//
// The file is mapped and shared with the kernel: what was written outlives SIGKILL of the process
// (not a crash of the machine). A record costs neither allocation nor system call. The file is
// sparse: `bytes_max` is what it may grow to. When it is full, recording stops and the header says
// truncated. On a disk without room the kernel ends the process (SIGBUS): record where there is
// some.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "membership/quorum.hh"
#include "totem/types.hh"

namespace gyre::node {

// 64 bits of a payload, in place of the payload. Not against an adversary.
std::uint64_t payload_hash(std::span<const std::byte> payload) noexcept;

// The file: one header, then records in the byte order of the machine. A record counts once its
// `commit` is its number, counted from 1; it is written last, so a torn record is seen as such.
namespace record_format {

inline constexpr std::uint64_t magic = 0x64726f6365727967;  // "gyrecord"
inline constexpr std::uint32_t version = 2;

struct Header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t node;
  std::uint64_t incarnation;
  std::uint64_t started;    // ns since 1970: puts the incarnations of a node in order
  std::uint64_t truncated;  // 1: the file was full, what followed is missing
  std::uint64_t reserved[3];
};

enum class Kind : std::uint8_t { send = 1, deliver, regular, transitional, members, verdict };

struct OfMessage {
  std::uint64_t seq;
  std::uint64_t hash;
  std::uint32_t index;
  std::uint32_t sender;
  std::uint32_t length;
};

struct OfConfiguration {  // the ring that the node comes from
  std::uint64_t seq;
  std::uint64_t incarnation;
  std::uint32_t representative;
};

struct OfVerdict {    // membership::Verdict
  std::uint64_t seq;  // 0: at the view
  std::uint32_t index;
  std::uint32_t total, expected, quorum, withheld;
  std::uint8_t quorate, reason, fencing, flags;
};

// A configuration is followed by records of kind `members` with the rest of its ids; its own commit
// is written after theirs.
struct Record {
  std::uint64_t commit;
  std::uint64_t ring_seq;
  std::uint64_t ring_incarnation;
  std::uint32_t ring_representative;
  Kind kind;
  std::uint8_t guarantee;
  std::uint16_t count;  // configuration: members in all
  union {
    OfMessage message;
    OfConfiguration previous;
    OfVerdict verdict;
    std::uint32_t members[8];
  };
};

OfVerdict flat(const totem::Place& place, const membership::Verdict& verdict) noexcept;

static_assert(std::has_unique_object_representations_v<OfVerdict>);
static_assert(sizeof(Header) == 64 && sizeof(Record) == 64);

}  // namespace record_format

// Takes down what one start of a node does.
class Recorder {
 public:
  virtual ~Recorder() = default;

  // To be called when the message gets its place, before the frame that carries it is sent.
  virtual void send(const totem::Place& place, totem::Guarantee guarantee,
                    std::span<const std::byte> payload) noexcept = 0;
  // To be called as the events are taken from the ring, in their order.
  virtual void deliver(const totem::Message& message) noexcept = 0;
  virtual void configuration(const totem::Configuration& configuration) noexcept = 0;
  // Behind the message that brought it about; at a view in its regular configuration only.
  virtual void verdict(const totem::Place& place, const membership::Verdict& verdict) noexcept = 0;
};

class FileRecorder final : public Recorder {
 public:
  // Makes the file: `path`, or `path`.INCARNATION where a file of that name exists already.
  // Throws std::system_error that names the file.
  FileRecorder(const std::string& path, NodeId self, std::uint64_t incarnation,
               std::size_t bytes_max);
  ~FileRecorder() override;
  FileRecorder(const FileRecorder&) = delete;
  FileRecorder& operator=(const FileRecorder&) = delete;

  void send(const totem::Place& place, totem::Guarantee guarantee,
            std::span<const std::byte> payload) noexcept override;
  void deliver(const totem::Message& message) noexcept override;
  void configuration(const totem::Configuration& configuration) noexcept override;
  void verdict(const totem::Place& place, const membership::Verdict& verdict) noexcept override;

  const std::string& path() const noexcept { return path_; }
  bool truncated() const noexcept { return header_->truncated != 0; }

 private:
  record_format::Record* take(std::size_t count) noexcept;
  void commit(record_format::Record* record) noexcept;
  void message(record_format::Kind kind, const totem::Place& place, NodeId sender,
               totem::Guarantee guarantee, std::span<const std::byte> payload) noexcept;

  std::string path_;
  NodeId self_;
  int file_ = -1;
  std::size_t bytes_ = 0;
  record_format::Header* header_ = nullptr;
  record_format::Record* records_ = nullptr;
  std::size_t capacity_ = 0, used_ = 0;
};

}  // namespace gyre::node
