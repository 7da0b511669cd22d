#include "transport/open.hh"

namespace gyre {

FrameShape frame_shape(const udp::Settings& settings) noexcept {
  return {.headroom = header_size, .payload = settings.payload_max - header_size};
}

std::unique_ptr<Stamped> open_transport(const udp::Settings& settings,
                                        const StampIdentity& identity, FramePool& pool) {
  return std::make_unique<Stamped>(std::make_unique<udp::Device>(settings, pool), identity, pool);
}

}  // namespace gyre
