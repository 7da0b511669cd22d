// Waits until a file says something else: an event, never a poll.
#pragma once

#include <string>

namespace gyre::rm::shell {

class FileWatch {
 public:
  // Throws std::system_error where the folder cannot be watched.
  explicit FileWatch(const std::string& path);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Returns once the file was written and closed, or another took its place, since the last call.
  void wait();

 private:
  int inotify_;
  std::string name_;
};

}  // namespace gyre::rm::shell
