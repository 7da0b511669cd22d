// What must outlive a restart: small files, each replaced as a whole (written aside, fsynced,
// renamed, the directory fsynced), so that a crash leaves the old one or the new one.
//
// Blocks on the disk: start-up and the helper thread only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/shm/descriptor.hh"

namespace gyre::node {

class StateDirectory {
 public:
  // Makes it if it is missing (its parent must exist). Throws std::runtime_error naming the path if
  // it cannot be used.
  explicit StateDirectory(std::string path);

  const std::string& path() const noexcept { return path_; }
  // At most `max` bytes of a file; nothing where there is none. Throws as the constructor.
  std::optional<std::string> read(const char* name, std::size_t max) const;
  // Throws std::system_error naming the call and the path; the old content then still stands.
  void replace(const char* name, std::string_view content) const;

 private:
  std::string path_;
  shm::Descriptor descriptor_;
};

}  // namespace gyre::node
