// The other end of a Server, for a command: each call waits, no longer than until a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "rm/local/descriptor.hh"
#include "rm/local/frame.hh"

namespace gyre::rm::local {

class Client {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Throws LocalError, as everything here does: see connect_to(). Of what it reads a frame has
  // frame_max bytes at most.
  Client(const std::string& path, Deadline, std::size_t frame_max);

  // For the calls from here on.
  void until(Deadline deadline) noexcept { deadline_ = deadline; }
  void send(std::string_view payload);
  std::string receive();

 private:
  void wait_for(short events) const;

  std::string path_;
  Deadline deadline_;
  Descriptor socket_;
  Frames frames_;
};

}  // namespace gyre::rm::local
