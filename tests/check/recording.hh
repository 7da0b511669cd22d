// Reads what node/record.hh writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "node/record.hh"
#include "tests/check/checker.hh"
#include "transport/shm/descriptor.hh"

namespace gyre::check {

class Recording {
 public:
  // Maps `path`. Throws std::runtime_error that names the file and what is wrong with it.
  explicit Recording(const std::string& path);
  // What stands in that file, in memory that the caller keeps.
  Recording(const std::string& path, std::span<const std::byte> bytes);
  Recording(Recording&& other) = default;
  Recording& operator=(Recording&&) = delete;

  const std::string& path() const noexcept { return path_; }
  // False: the process was killed while it made the file. Nothing follows.
  bool begun() const noexcept { return header_ != nullptr; }
  Process process() const noexcept;
  std::uint64_t started() const noexcept {
    return header_ ? header_->started : 0;
  }  // ns since 1970
  bool truncated() const noexcept { return header_ && header_->truncated != 0; }

  // The next event; nothing at the end. Throws as the constructor does when the file is damaged.
  std::optional<Event> next();
  // After the end: the process was killed while it wrote one more record.
  bool torn() const noexcept { return torn_; }

 private:
  void begin(std::span<const std::byte> bytes);
  Event configuration(const node::record_format::Record& head);
  [[noreturn]] void damaged(const std::string& why) const;

  std::string path_;
  shm::Mapping memory_;
  const node::record_format::Header* header_ = nullptr;
  const node::record_format::Record* records_ = nullptr;
  std::size_t count_ = 0, taken_ = 0;
  bool torn_ = false;
};

}  // namespace gyre::check
