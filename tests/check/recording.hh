// Reads what node/record.hh writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "node/record.hh"
#include "tests/check/checker.hh"

namespace gyre::check {

class Recording {
 public:
  // Maps `path`. Throws std::runtime_error that names the file and what is wrong with it.
  explicit Recording(const std::string& path);
  ~Recording();
  Recording(Recording&& other) noexcept;
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
  Event configuration(const node::record_format::Record& head);
  [[noreturn]] void damaged(const std::string& why) const;

  std::string path_;
  std::size_t bytes_ = 0;
  const node::record_format::Header* header_ = nullptr;
  const node::record_format::Record* records_ = nullptr;
  std::size_t count_ = 0, taken_ = 0;
  bool torn_ = false;
};

}  // namespace gyre::check
