#include "transport/guarded.hh"

#include <sodium.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

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

std::byte* guarded_allocate(std::size_t size) {
  if (sodium_init() < 0) fail("libsodium does not start: there are no random numbers");
  auto* const bytes = static_cast<std::byte*>(sodium_malloc(size));
  if (!bytes) fail(std::string("no memory: ") + std::strerror(errno));
  try {
    lock(bytes, size);
    keep_from_children(bytes, size);
  } catch (...) {
    sodium_free(bytes);
    throw;
  }
  return bytes;
}

void guarded_free(std::byte* bytes) noexcept {
  sodium_free(bytes);
}

}  // namespace gyre
