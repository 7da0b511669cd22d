#include "transport/open.hh"

namespace gyre {

FrameShape frame_shape(const udp::Settings& settings, Suite suite) noexcept {
  const std::size_t payload = settings.payload_max - header_size;
  return {.headroom = header_size,
          .payload = payload,
          .frame_max = payload - (suite == Suite::open ? 0 : seal_overhead)};
}

std::unique_ptr<Stamped> open_transport(const udp::Settings& settings,
                                        const StampIdentity& identity, FramePool& pool) {
  return std::make_unique<Stamped>(std::make_unique<udp::Device>(settings, pool), identity, pool);
}

std::unique_ptr<Sealed> open_sealed(const udp::Settings& settings, Sealed::Setup setup,
                                    FramePool& pool) {
  return std::make_unique<Sealed>(std::make_unique<udp::Device>(settings, pool), std::move(setup),
                                  pool);
}

}  // namespace gyre
