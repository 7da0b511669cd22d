// A document in compressed pieces, as it goes from the member that has it to those that have not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::rm::control {

inline constexpr std::size_t piece_size_max = 64 * 1024;

std::vector<std::string> to_pieces(std::string_view document);

// What arrives in order, one piece after the other.
class Assembly {
 public:
  // False: it is not the one that has to come.
  bool add(std::size_t number, std::size_t of, std::string_view bytes);
  bool complete() const noexcept { return of_ > 0 && count_ == of_; }
  // Nothing: it is damaged, or longer than a document may be.
  std::optional<std::string> document() const;

 private:
  std::string compressed_;
  std::size_t count_ = 0, of_ = 0;
};

}  // namespace gyre::rm::control
