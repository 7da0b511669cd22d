// The configuration on disk: what outlives the resource manager, and the node. The status does not;
// it is what happens.
//
// Blocks on the disk: at start, and in a thread of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rm/cib/document.hh"

namespace gyre::rm::daemon {

struct Stored {
  Document document;
  std::string lineage;
};

class Store {
 public:
  // Makes the directory if it is missing (its parent must exist). Throws std::runtime_error naming
  // the path if it cannot be used.
  explicit Store(std::string directory);

  const std::string& path() const noexcept { return path_; }  // of the file
  // Nothing where there is none. Throws std::runtime_error, with the file and what to do, if it is
  // damaged: a configuration is not replaced by an empty one for that.
  std::optional<Stored> read() const;
  // Written aside, fsynced and renamed. Throws as read().
  void write(std::string_view configuration, std::string_view lineage) const;
  // Beside it: what gave way to another side's. Where it is.
  std::string set_aside(std::string_view configuration, std::string_view lineage) const;
  // The files of all that was set aside, and that nobody has taken away yet.
  std::vector<std::string> aside() const;

 private:
  void replace(const std::string& path, std::string_view content) const;

  std::string directory_, path_;
};

}  // namespace gyre::rm::daemon
