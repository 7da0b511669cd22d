// The seal of one frame: authenticated, its clear header too, and encrypted behind that.
//
//   clear header 40 (authenticated) | text, kind 1 (encrypted) | tag 16
//
// Each frame's key belongs to its sender, boot, lane and era, and its nonce is its counter; so no
// pair of them comes twice as long as a sender uses no counter of a boot twice. An era is the
// counter's upper part: both sides find the next key by themselves. Nothing here keeps state on
// disk. Who has the key file can make every key, those of the past too.
#pragma once

#include <sodium.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "transport/guarded.hh"
#include "transport/header.hh"
#include "transport/root_key.hh"

namespace gyre {

inline constexpr std::size_t tag_size = 16;
inline constexpr std::size_t kind_size = 1;
inline constexpr std::size_t seal_overhead = kind_size + tag_size;
inline constexpr int era_shift = 22;  // 2^22 frames per key: below every limit of both ciphers

// What an open frame is. The last byte of what is sealed, which leaves the payload where it is.
enum class FrameKind : std::uint8_t { payload = 0, challenge = 1, answer = 2, report = 3 };

// The key from which a cluster's others are made: of the bytes of its file and of its name.
class ClusterKey {
 public:
  static constexpr std::size_t size = 32;
  using Bytes = std::array<std::uint8_t, size>;

  ClusterKey(const RootKey& root, std::string_view cluster_name);  // throws std::runtime_error

  // Tells keys apart, not quite surely, without a seal being tried.
  std::uint8_t id() const noexcept { return id_; }
  // Surely, and says nothing about the key.
  std::uint64_t fingerprint() const noexcept { return fingerprint_; }
  const Bytes& bytes() const noexcept { return bytes_[0]; }

 private:
  Guarded<Bytes> bytes_;
  std::uint8_t id_ = 0;
  std::uint64_t fingerprint_ = 0;
};

// One key, made ready for its cipher. To stand in guarded memory.
class Seal {
 public:
  // What a key belongs to.
  struct Place {
    NodeId sender{};
    Lane lane{};
    std::uint64_t boot = 0, era = 0;
    std::uint8_t key = 0;  // ClusterKey::id
    bool operator==(const Place&) const = default;
    static Place of(const Header& header) noexcept {
      return {header.sender, header.lane, header.boot, header.counter >> era_shift,
              header.generation};
    }
  };

  void make(const ClusterKey& key, Suite suite, const Place& place) noexcept;
  bool is_for(const Place& place) const noexcept {
    return suite_ != Suite::open && place == place_;
  }
  // Whether it may make place for that one's: it is no later one of the same lane of a boot.
  bool gives_way(const Place& place) const noexcept;
  bool is_of_key(std::uint8_t id) const noexcept {
    return suite_ != Suite::open && place_.key == id;
  }
  void wipe() noexcept;

  // `frame`: clear header, what is to be sealed, and room for the tag.
  void close(std::span<std::byte> frame, std::uint64_t counter) const noexcept;
  // False: it is not as it was sealed, and its bytes are lost.
  bool open(std::span<std::byte> frame, std::uint64_t counter) const noexcept;

 private:
  union {
    alignas(16) crypto_aead_aes256gcm_state schedule_;
    std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_KEYBYTES> key_;
  };
  Suite suite_ = Suite::open;  // there is no key
  Place place_;
};

// Whether this processor can do it (AES has instructions of its own, or we do without).
bool available(Suite suite) noexcept;

}  // namespace gyre
