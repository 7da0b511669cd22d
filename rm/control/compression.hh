// Text made short, and back.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gyre::rm::control {

std::string compress(std::string_view);
// Nothing: it is damaged, or was longer than that.
std::optional<std::string> decompress(std::string_view, std::size_t size_max);

}  // namespace gyre::rm::control
