#include "tests/check/recording.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace gyre::check {

namespace format = node::record_format;

namespace {

constexpr std::size_t ids_per_record = std::size(format::Record{}.members);

totem::RingId ring_of(const format::Record& record) {
  return {record.ring_seq, NodeId(record.ring_representative), record.ring_incarnation};
}

bool blank(const format::Record& record) {
  static constexpr format::Record zero{};
  return std::memcmp(&record, &zero, sizeof record) == 0;
}

}  // namespace

Recording::Recording(const std::string& path) : path_(path) {
  const shm::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) damaged(std::strerror(errno));
  struct stat status {};
  fstat(file.number(), &status);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (mapped == MAP_FAILED) damaged("cannot be mapped");
  memory_ = shm::Mapping(mapped, size);
  begin({memory_.memory(), size});
}

Recording::Recording(const std::string& path, std::span<const std::byte> bytes) : path_(path) {
  begin(bytes);
}

void Recording::begin(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (bytes.size() < sizeof(format::Header)) damaged("too short for a recording");
  const auto* header = reinterpret_cast<const format::Header*>(bytes.data());
  if (header->magic == 0) return;
  if (header->magic != format::magic || header->version != format::version)
    damaged("not a recording of this version");
  header_ = header;
  records_ = reinterpret_cast<const format::Record*>(header + 1);
  count_ = (bytes.size() - sizeof(format::Header)) / sizeof(format::Record);
}

void Recording::damaged(const std::string& why) const {
  throw std::runtime_error(path_ + ": " + why);
}

Process Recording::process() const noexcept {
  if (!header_) return {};
  return {NodeId(header_->node), header_->incarnation};
}

std::optional<Event> Recording::next() {
  if (taken_ == count_ || torn_) return std::nullopt;
  const format::Record& record = records_[taken_];
  if (record.commit == 0) {
    torn_ = !blank(record);
    return std::nullopt;
  }
  if (record.commit != taken_ + 1) damaged(fmt::format("record {} is damaged", taken_ + 1));
  ++taken_;
  const auto& message = record.message;
  const totem::Place place{ring_of(record), totem::Seq{message.seq}, message.index};
  const Content content{NodeId(message.sender), totem::Guarantee(record.guarantee), message.hash,
                        message.length};
  switch (record.kind) {
    case format::Kind::send:
      return Sent{place, content};
    case format::Kind::deliver:
      return Delivered{place, content};
    case format::Kind::regular:
    case format::Kind::transitional:
      return configuration(record);
    case format::Kind::verdict:
      return judged(ring_of(record), record.verdict);
    case format::Kind::members:
      break;
  }
  damaged(fmt::format("record {} is of no known kind", taken_));
}

Event Recording::configuration(const format::Record& head) {
  using Kind = totem::Configuration::Kind;
  Installed installed;
  installed.kind = head.kind == format::Kind::regular ? Kind::regular : Kind::transitional;
  installed.ring = ring_of(head);
  installed.previous = {head.previous.seq, NodeId(head.previous.representative),
                        head.previous.incarnation};
  const std::size_t more = (head.count + ids_per_record - 1) / ids_per_record;
  if (more > count_ - taken_) damaged(fmt::format("record {} is cut short", taken_));
  for (std::size_t i = 0; i < head.count; ++i)
    installed.members.push_back(
        NodeId(records_[taken_ + i / ids_per_record].members[i % ids_per_record]));
  taken_ += more;
  return installed;
}

}  // namespace gyre::check
