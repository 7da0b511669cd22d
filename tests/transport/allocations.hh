// Counts what operator new hands out in this program.
#pragma once

#include <cstddef>

namespace gyre {

std::size_t allocations() noexcept;

}  // namespace gyre
