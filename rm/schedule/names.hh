// The order of names: letters without case, numbers in them by their value.
#pragma once

#include <string_view>

namespace gyre::rm::schedule {

bool name_before(std::string_view, std::string_view) noexcept;

}  // namespace gyre::rm::schedule
