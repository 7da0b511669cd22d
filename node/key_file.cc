#include "node/key_file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "node/config.hh"
#include "node/config_lines.hh"
#include "transport/shm/descriptor.hh"

namespace gyre::node {
namespace {

// Opened first and looked at then, so that what is judged is what is read. A FIFO would keep a
// reader waiting, and a link could have been laid by whoever owns the folder.
shm::Descriptor open_key(const std::string& path) {
  shm::Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file) return file;
  const int error = errno;
  if (error == ELOOP) refuse(path, 0, "is a symbolic link: the key file itself must stand there");
  if (error == ENOENT)
    refuse(path, 0,
           "there is no key file: make one with `corosync-keygen` and copy it to all nodes");
  const bool not_ours = error == EACCES && ::geteuid() != 0;
  refuse(path, 0,
         fmt::format("the key file cannot be opened: {}{}", std::strerror(error),
                     not_ours ? fmt::format(": gyred runs as uid {} now, `chown {} {}`",
                                            ::geteuid(), ::geteuid(), path)
                              : ""));
}

std::size_t checked_size(const std::string& path, const struct stat& facts) {
  if (!S_ISREG(facts.st_mode)) refuse(path, 0, "is no regular file, so it is no key file");
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid())
    refuse(path, 0,
           fmt::format("the key file belongs to uid {}, who could change it: `chown root {}`",
                       facts.st_uid, path));
  if (const mode_t open_to_others = facts.st_mode & 077; open_to_others != 0)
    refuse(
        path, 0,
        fmt::format("the key file has mode {:04o}: others may {} it; `chmod 0400 {}`, and make a "
                    "new key if anyone could have read it",
                    facts.st_mode & 07777, open_to_others & 044 ? "read" : "change", path));
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size < RootKey::size_min || size > RootKey::size_max)
    refuse(path, 0,
           fmt::format("the key file has {} bytes: a key has {} to {}, make one with "
                       "`corosync-keygen`",
                       size, RootKey::size_min, RootKey::size_max));
  return size;
}

}  // namespace

RootKey read_key_file(const std::string& path) {
  const shm::Descriptor file = open_key(path);
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0)
    refuse(path, 0, fmt::format("fstat: {}", std::strerror(errno)));
  const std::size_t size = checked_size(path, facts);
  const auto fill = [&](std::span<std::byte> bytes) {
    for (std::size_t done = 0; done < size;) {
      const ssize_t got = ::read(file.number(), bytes.data() + done, size - done);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        refuse(path, 0,
               fmt::format("the key file cannot be read: {}",
                           got < 0 ? std::strerror(errno) : "it became shorter meanwhile"));
      done += static_cast<std::size_t>(got);
    }
  };
  try {
    return RootKey(size, fill);
  } catch (const ConfigError&) {
    throw;
  } catch (const std::runtime_error& error) {
    refuse(path, 0, error.what());
  }
}

}  // namespace gyre::node
