#include "rm/control/compression.hh"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <new>

namespace gyre::rm::control {

namespace {

// Before the compressed bytes: how many there were, eight bytes, the least significant first.
using Size = std::array<char, 8>;

const Bytef* bytes(const char* text) {
  return reinterpret_cast<const Bytef*>(text);
}

}  // namespace

std::string compress(std::string_view text) {
  uLongf size = compressBound(text.size());
  std::string all(sizeof(Size) + size, '\0');
  for (std::size_t i = 0; i < sizeof(Size); ++i)
    all[i] = static_cast<char>(text.size() >> (8 * i) & 0xff);
  if (compress2(reinterpret_cast<Bytef*>(all.data() + sizeof(Size)), &size, bytes(text.data()),
                text.size(), Z_BEST_SPEED) != Z_OK)
    throw std::bad_alloc();
  all.resize(sizeof(Size) + size);
  return all;
}

std::optional<std::string> decompress(std::string_view all, std::size_t size_max) {
  if (all.size() < sizeof(Size)) return std::nullopt;
  std::uint64_t size = 0;
  for (std::size_t i = sizeof(Size); i-- > 0;)
    size = size << 8 | static_cast<unsigned char>(all[i]);
  if (size > size_max) return std::nullopt;
  std::string text(size, '\0');
  uLongf written = size;
  const int result = uncompress(reinterpret_cast<Bytef*>(text.data()), &written,
                                bytes(all.data() + sizeof(Size)), all.size() - sizeof(Size));
  if (result != Z_OK || written != size) return std::nullopt;
  return text;
}

}  // namespace gyre::rm::control
