#include "node/ring_store.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace gyre::node {
namespace {

constexpr const char* file_name = "ringid";
constexpr const char* aside_name = "ringid.new";
constexpr std::string_view magic = "gyre-ringid 1 ";

std::uint64_t checksum(std::string_view bytes) {  // FNV-1a: against damage, not against malice
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

std::string encode(std::uint64_t bound) {
  const std::string body = fmt::format("{}{} ", magic, bound);
  return fmt::format("{}{:016x}\n", body, checksum(body));
}

std::optional<std::uint64_t> decode(std::string_view content) {
  if (!content.starts_with(magic)) return std::nullopt;
  std::uint64_t bound = 0;
  const std::string_view digits = content.substr(magic.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), bound);
  if (content != encode(bound)) return std::nullopt;
  return bound;
}

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
    char content[128];
    const ssize_t size = ::read(file.number(), content, sizeof content);
    const auto bound = decode({content, size > 0 ? static_cast<std::size_t>(size) : 0});
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
  const std::string content = encode(bound);
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
