// Why two programs of one machine do not come together. what() names the socket and what to do.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace gyre::rm::local {

enum class Failure : std::uint8_t {
  absent,     // nobody listens there
  refused,    // we may not
  untrusted,  // whoever listens there is nobody to talk to
  timed_out,
  closed,     // the other side went away in the midst of it
  malformed,  // what it sent is none of our frames
  system,     // a system call failed
};

class LocalError : public std::runtime_error {
 public:
  LocalError(Failure failure, const std::string& what)
      : std::runtime_error(what), failure_(failure) {}
  Failure failure() const noexcept { return failure_; }

 private:
  Failure failure_;
};

}  // namespace gyre::rm::local
