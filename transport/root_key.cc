#include "transport/root_key.hh"

#include <sodium.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace gyre {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("the cluster's key: " + what);
}

// sodium_malloc locks its pages, but does not say so when it could not. A page that may be written
// to a disk is no place for a key.
void lock(std::byte* bytes, std::size_t size) {
  if (sodium_mlock(bytes, size) == 0) return;
  const int error = errno;
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  fail(std::string("memory cannot be locked: ") + std::strerror(error) + "; the system allows " +
       (limit.rlim_cur == RLIM_INFINITY ? "any number of" : std::to_string(limit.rlim_cur)) +
       " bytes (RLIMIT_MEMLOCK; LimitMEMLOCK= in a unit, ulimit -l in a shell)");
}

// What a fork copies is zeroes.
void keep_from_children(std::byte* bytes, std::size_t size) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(bytes) + size + page - 1) / page * page;
  if (::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_WIPEONFORK) != 0)
    fail(std::string("madvise MADV_WIPEONFORK: ") + std::strerror(errno));
}

}  // namespace

RootKey::RootKey(std::size_t size) : size_(size) {
  assert(size >= size_min && size <= size_max);
  if (sodium_init() < 0) fail("libsodium does not start: there are no random numbers");
  bytes_ = static_cast<std::byte*>(sodium_malloc(size));
  if (!bytes_) fail(std::string("no memory: ") + std::strerror(errno));
  try {
    lock(bytes_, size_);
    keep_from_children(bytes_, size_);
  } catch (...) {
    sodium_free(bytes_);
    throw;
  }
}

RootKey::RootKey(std::span<const std::byte> bytes)
    : RootKey(bytes.size(),
              [&](std::span<std::byte> to) { std::memcpy(to.data(), bytes.data(), to.size()); }) {}

RootKey::~RootKey() {
  if (bytes_) sodium_free(bytes_);
}

void RootKey::hide() noexcept {
  const int done = sodium_mprotect_noaccess(bytes_);
  assert(done == 0);
  static_cast<void>(done);
}

RootKey::Reading::Reading(const RootKey& key) : key_(key) {
  assert(key.bytes_);
  const int done = sodium_mprotect_readonly(key.bytes_);
  assert(done == 0);
  static_cast<void>(done);
}

RootKey::Reading::~Reading() {
  sodium_mprotect_noaccess(key_.bytes_);
}

}  // namespace gyre
