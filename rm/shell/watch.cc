#include "rm/shell/watch.hh"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace gyre::rm::shell {

FileWatch::FileWatch(const std::string& path)
    : inotify_(::inotify_init1(IN_CLOEXEC)), name_(std::filesystem::path(path).filename()) {
  // The folder, for who writes with care puts a new file in the place of the old.
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (inotify_ < 0 ||
      ::inotify_add_watch(inotify_, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
    const std::system_error error(errno, std::generic_category(), "watching " + folder.string());
    if (inotify_ >= 0) ::close(inotify_);
    throw error;
  }
}

FileWatch::~FileWatch() {
  ::close(inotify_);
}

void FileWatch::wait() {
  alignas(inotify_event) char events[4096];
  for (;;) {
    const ssize_t size = ::read(inotify_, events, sizeof events);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw std::system_error(errno, std::generic_category(), "inotify");
    bool changed = false;
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, events + at, sizeof event);
      const char* name = events + at + sizeof event;
      changed |= (event.mask & IN_Q_OVERFLOW) != 0 || (event.len > 0 && name_ == name);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
    if (changed) return;
  }
}

}  // namespace gyre::rm::shell
