#include "node/state_directory.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace gyre::node {
namespace {

[[noreturn]] void fail(const char* call, const std::string& path) {
  throw std::system_error(errno, std::generic_category(), std::string(call) + " " + path);
}

[[noreturn]] void unusable(const std::string& path, const std::string& what) {
  throw std::runtime_error(
      fmt::format("state directory {}: {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

StateDirectory::StateDirectory(std::string path) : path_(std::move(path)) {
  if (::mkdir(path_.c_str(), 0755) != 0 && errno != EEXIST) unusable(path_, "cannot be made");
  descriptor_ = shm::Descriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor_) unusable(path_, "cannot be opened");
}

std::optional<std::string> StateDirectory::read(const char* name, std::size_t max) const {
  const shm::Descriptor file(
      ::openat(descriptor_.number(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) unusable(path_, fmt::format("its file {} cannot be read", name));
  std::string content(max, '\0');
  const ssize_t size = ::read(file.number(), content.data(), content.size());
  content.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return content;
}

void StateDirectory::replace(const char* name, std::string_view content) const {
  const std::string aside_name = std::string(name) + ".new";
  const std::string aside_path = path_ + "/" + aside_name;
  {
    // What a crash left there, or what somebody laid there, is not written into.
    ::unlinkat(descriptor_.number(), aside_name.c_str(), 0);
    const shm::Descriptor aside(::openat(descriptor_.number(), aside_name.c_str(),
                                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!aside) fail("open", aside_path);
    if (::write(aside.number(), content.data(), content.size()) !=
        static_cast<ssize_t>(content.size()))
      fail("write", aside_path);
    if (::fsync(aside.number()) != 0) fail("fsync", aside_path);
  }
  if (::renameat(descriptor_.number(), aside_name.c_str(), descriptor_.number(), name) != 0)
    fail("rename", path_ + "/" + name);
  if (::fsync(descriptor_.number()) != 0) fail("fsync", path_);
}

}  // namespace gyre::node
