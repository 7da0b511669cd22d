#include "transport/root_key.hh"

#include <sodium.h>

#include <cassert>
#include <cstring>

#include "transport/guarded.hh"

namespace gyre {

RootKey::RootKey(std::size_t size) : size_(size) {
  assert(size >= size_min && size <= size_max);
  bytes_ = guarded_allocate(size);
}

RootKey::RootKey(std::span<const std::byte> bytes)
    : RootKey(bytes.size(),
              [&](std::span<std::byte> to) { std::memcpy(to.data(), bytes.data(), to.size()); }) {}

RootKey::~RootKey() {
  if (bytes_) guarded_free(bytes_);
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
