#include "node/ring_store.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "node/ring_file.hh"

namespace gyre::node {
namespace {

constexpr const char* file_name = "ringid";
constexpr const char* aside_name = "ringid.new";

[[noreturn]] void fail(const char* call, const std::string& path) {
  throw std::system_error(errno, std::generic_category(), std::string(call) + " " + path);
}

}  // namespace

RingStore::RingStore(const std::string& directory)
    : directory_(directory), path_(directory + "/" + file_name) {
  const auto unusable = [&](const char* what) {
    throw std::runtime_error(
        fmt::format("state directory {}: {}: {}", directory_, what, std::strerror(errno)));
  };
  if (::mkdir(directory_.c_str(), 0755) != 0 && errno != EEXIST) unusable("cannot be made");
  directory_fd_ = shm::Descriptor(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_fd_) unusable("cannot be opened");

  const shm::Descriptor file(::openat(directory_fd_.number(), file_name, O_RDONLY | O_CLOEXEC));
  if (!file && errno != ENOENT) unusable("its file ringid cannot be read");
  if (file) {
    char content[ring_file_max];
    const ssize_t size = ::read(file.number(), content, sizeof content);
    const auto bound = decode_ring_file({content, size > 0 ? static_cast<std::size_t>(size) : 0});
    origin_ = bound ? Origin::read : Origin::damaged;
    bound_ = bound.value_or(0);
  }
  try {  // now, so that a directory that cannot be written is known before anything else starts
    write(bound_);
  } catch (const std::system_error& error) {
    throw std::runtime_error(
        fmt::format("state directory {} cannot be written: {}", directory_, error.what()));
  }
}

std::uint64_t RingStore::reserve(std::uint64_t upto) {
  if (upto <= bound_) return bound_;
  write(upto + block);
  return bound_ = upto + block;
}

void RingStore::write(std::uint64_t bound) {
  const std::string content = encode_ring_file(bound);
  {
    const shm::Descriptor aside(::openat(directory_fd_.number(), aside_name,
                                         O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!aside) fail("open", directory_ + "/" + aside_name);
    if (::write(aside.number(), content.data(), content.size()) !=
        static_cast<ssize_t>(content.size()))
      fail("write", directory_ + "/" + aside_name);
    if (::fsync(aside.number()) != 0) fail("fsync", directory_ + "/" + aside_name);
  }
  if (::renameat(directory_fd_.number(), aside_name, directory_fd_.number(), file_name) != 0)
    fail("rename", path_);
  if (::fsync(directory_fd_.number()) != 0) fail("fsync", directory_);
}

}  // namespace gyre::node
