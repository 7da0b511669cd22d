#include "rm/control/snapshot.hh"

#include "rm/cib/scan.hh"
#include "rm/control/compression.hh"

namespace gyre::rm::control {

std::vector<std::string> to_pieces(std::string_view document) {
  const std::string all = compress(document);
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
  if (!complete()) return std::nullopt;
  return decompress(compressed_, document_size_max);
}

}  // namespace gyre::rm::control
