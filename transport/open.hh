// From settings to a transport that is ready to use.
#pragma once

#include <memory>
#include <string>

#include "transport/sealed.hh"
#include "transport/stamped.hh"
#include "transport/udp/udp.hh"

namespace gyre {

// What a FramePool is made with, before the link is open, and how many bytes a frame then carries.
struct FrameShape {
  std::size_t headroom = 0, payload = 0, tailroom = 0;
  std::size_t frame_max = 0;
};
FrameShape frame_shape(const udp::Settings& settings, Suite suite = Suite::open) noexcept;

// A kernel UDP link under the clear header. `pool` has at least frame_shape's sizes and outlives
// the transport. Throws std::runtime_error or std::system_error.
std::unique_ptr<Stamped> open_transport(const udp::Settings& settings,
                                        const StampIdentity& identity, FramePool& pool);
// The same with a seal on every frame.
std::unique_ptr<Sealed> open_sealed(const udp::Settings& settings, Sealed::Setup setup,
                                    FramePool& pool);

}  // namespace gyre
