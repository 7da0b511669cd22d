#include "transport/seal.hh"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <stdexcept>

namespace gyre {
namespace {

static_assert(tag_size == crypto_aead_aes256gcm_ABYTES &&
              tag_size == crypto_aead_chacha20poly1305_ietf_ABYTES);

using Nonce = std::array<std::uint8_t, 12>;
static_assert(std::tuple_size_v<Nonce> == crypto_aead_aes256gcm_NPUBBYTES &&
              std::tuple_size_v<Nonce> == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);

Nonce nonce_of(std::uint64_t counter) noexcept {
  Nonce nonce{};
  std::memcpy(nonce.data(), &counter, sizeof counter);
  return nonce;
}

std::uint8_t* bytes_of(std::span<std::byte> bytes) noexcept {
  return reinterpret_cast<std::uint8_t*>(bytes.data());
}

// Sizes and arguments are right, so the hash cannot fail.
template <std::size_t size>
void hash(std::array<std::uint8_t, size>& to, std::span<const std::uint8_t> text,
          std::span<const std::uint8_t> key) noexcept {
  const int done =
      crypto_generichash_blake2b(to.data(), size, text.data(), text.size(), key.data(), key.size());
  assert(done == 0);
  static_cast<void>(done);
}

// Whose key it is, as bytes: two places never look alike. Which of the cluster's it is made of, its
// bytes say.
std::array<std::uint8_t, 22> text_of(Suite suite, const Seal::Place& place) noexcept {
  std::array<std::uint8_t, 22> text{};
  std::memcpy(text.data(), &place.sender, 4);
  std::memcpy(text.data() + 4, &place.boot, 8);
  std::memcpy(text.data() + 12, &place.era, 8);
  text[20] = static_cast<std::uint8_t>(place.lane);
  text[21] = static_cast<std::uint8_t>(suite);
  return text;
}

}  // namespace

ClusterKey::ClusterKey(const RootKey& root, std::string_view cluster_name) : bytes_(1) {
  std::array<std::uint8_t, crypto_generichash_blake2b_PERSONALBYTES> personal{};
  hash(personal, {reinterpret_cast<const std::uint8_t*>(cluster_name.data()), cluster_name.size()},
       {});
  const auto hash_into = [&](Bytes& to, const std::uint8_t* text, std::size_t text_size) {
    if (crypto_generichash_blake2b_salt_personal(to.data(), size, text, text_size, nullptr, 0,
                                                 nullptr, personal.data()) != 0)
      throw std::runtime_error("the cluster's key: it cannot be hashed");
  };
  const RootKey::Reading reading = root.read();
  hash_into(bytes_[0], reinterpret_cast<const std::uint8_t*>(reading.bytes().data()),
            reading.bytes().size());
  // The same once more with nothing secret: the last bytes that were hashed stand in registers,
  // which a thread that starts inherits and the dynamic linker writes onto its stack.
  static constexpr std::array<std::uint8_t, RootKey::size_max> nothing{};
  Bytes unused;
  hash_into(unused, nothing.data(), reading.bytes().size());
  std::array<std::uint8_t, 16> name{};
  static constexpr std::array<std::uint8_t, 2> which = {'i', 'd'};  // shorter than any place
  hash(name, which, bytes_[0]);
  id_ = name[0];
  std::memcpy(&fingerprint_, name.data() + 8, sizeof fingerprint_);
}

void Seal::make(const ClusterKey& key, Suite suite, const Place& place) noexcept {
  assert(suite != Suite::open);
  std::array<std::uint8_t, ClusterKey::size> made{};
  hash(made, text_of(suite, place), key.bytes());
  if (suite == Suite::aes256gcm)
    crypto_aead_aes256gcm_beforenm(&schedule_, made.data());
  else
    key_ = made;
  sodium_memzero(made.data(), made.size());
  suite_ = suite;
  place_ = place;
}

bool Seal::gives_way(const Place& place) const noexcept {
  Place then = place;
  then.era = place_.era;
  return !is_for(then) || place_.era < place.era;
}

void Seal::wipe() noexcept {
  sodium_memzero(&schedule_, sizeof schedule_);
  suite_ = Suite::open;
  place_ = {};
}

void Seal::close(std::span<std::byte> frame, std::uint64_t counter) const noexcept {
  assert(frame.size() >= header_size + tag_size && suite_ != Suite::open);
  const Nonce nonce = nonce_of(counter);
  std::uint8_t* const header = bytes_of(frame);
  std::uint8_t* const text = header + header_size;
  const std::size_t size = frame.size() - header_size - tag_size;
  if (suite_ == Suite::aes256gcm)
    crypto_aead_aes256gcm_encrypt_afternm(text, nullptr, text, size, header, header_size, nullptr,
                                          nonce.data(), &schedule_);
  else
    crypto_aead_chacha20poly1305_ietf_encrypt(text, nullptr, text, size, header, header_size,
                                              nullptr, nonce.data(), key_.data());
}

bool Seal::open(std::span<std::byte> frame, std::uint64_t counter) const noexcept {
  if (frame.size() < header_size + tag_size || suite_ == Suite::open) return false;
  const Nonce nonce = nonce_of(counter);
  std::uint8_t* const header = bytes_of(frame);
  std::uint8_t* const text = header + header_size;
  const std::size_t size = frame.size() - header_size;
  if (suite_ == Suite::aes256gcm)
    return crypto_aead_aes256gcm_decrypt_afternm(text, nullptr, nullptr, text, size, header,
                                                 header_size, nonce.data(), &schedule_) == 0;
  return crypto_aead_chacha20poly1305_ietf_decrypt(text, nullptr, nullptr, text, size, header,
                                                   header_size, nonce.data(), key_.data()) == 0;
}

bool available(Suite suite) noexcept {
  return suite != Suite::aes256gcm || crypto_aead_aes256gcm_is_available() == 1;
}

}  // namespace gyre
