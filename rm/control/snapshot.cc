#include "rm/control/snapshot.hh"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

#include "rm/cib/scan.hh"

namespace gyre::rm::control {

namespace {

// Before the compressed bytes: how many there were, eight bytes, the least significant first.
using Size = std::array<char, 8>;

const Bytef* bytes(const char* text) {
  return reinterpret_cast<const Bytef*>(text);
}

}  // namespace

std::vector<std::string> to_pieces(std::string_view document) {
  uLongf size = compressBound(document.size());
  std::string all(sizeof(Size) + size, '\0');
  for (std::size_t i = 0; i < sizeof(Size); ++i)
    all[i] = static_cast<char>(document.size() >> (8 * i) & 0xff);
  if (compress2(reinterpret_cast<Bytef*>(all.data() + sizeof(Size)), &size, bytes(document.data()),
                document.size(), Z_BEST_SPEED) != Z_OK)
    throw std::runtime_error("zlib has no memory to compress the document");
  all.resize(sizeof(Size) + size);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < all.size(); at += piece_size_max)
    pieces.push_back(all.substr(at, piece_size_max));
  return pieces;
}

bool Assembly::add(std::size_t number, std::size_t of, std::string_view piece) {
  const bool first = count_ == 0;
  if (number != count_ || number >= of || (!first && of != of_) || piece.size() > piece_size_max ||
      of > document_size_max / piece_size_max)
    return false;
  of_ = of;
  ++count_;
  compressed_ += piece;
  return true;
}

std::optional<std::string> Assembly::document() const {
  if (!complete() || compressed_.size() < sizeof(Size)) return std::nullopt;
  std::uint64_t size = 0;
  for (std::size_t i = sizeof(Size); i-- > 0;)
    size = size << 8 | static_cast<unsigned char>(compressed_[i]);
  if (size > document_size_max) return std::nullopt;
  std::string text(size, '\0');
  uLongf written = size;
  if (uncompress(reinterpret_cast<Bytef*>(text.data()), &written,
                 bytes(compressed_.data() + sizeof(Size)),
                 compressed_.size() - sizeof(Size)) != Z_OK ||
      written != size)
    return std::nullopt;
  return text;
}

}  // namespace gyre::rm::control
