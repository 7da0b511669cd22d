#include "rm/configure/mistake.hh"

#include <fmt/format.h>

namespace gyre::rm::configure {

Mistake::Mistake(std::size_t line, const std::string& what)
    : std::runtime_error(line == 0 ? what : fmt::format("line {}: {}", line, what)), line_(line) {}

}  // namespace gyre::rm::configure
