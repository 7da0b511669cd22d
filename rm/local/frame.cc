#include "rm/local/frame.hh"

#include <cassert>
#include <cstdint>
#include <limits>

namespace gyre::rm::local {

void append_frame(std::string& stream, std::string_view payload) {
  assert(payload.size() <= std::numeric_limits<std::uint32_t>::max());
  for (unsigned shift = 0; shift < 32; shift += 8)
    stream.push_back(static_cast<char>(payload.size() >> shift & 0xff));
  stream.append(payload);
}

void Frames::add(std::string_view bytes) {
  if (between())
    bytes_ = bytes;
  else
    bytes_.erase(0, begin_).append(bytes);
  begin_ = 0;
}

std::optional<std::string_view> Frames::next() {
  const std::string_view rest = std::string_view(bytes_).substr(begin_);
  if (broken_ || rest.size() < frame_header_size) return std::nullopt;
  std::size_t size = 0;
  for (unsigned i = frame_header_size; i-- > 0;)
    size = size << 8 | static_cast<unsigned char>(rest[i]);
  if (size > frame_max_) {
    broken_ = true;
    return std::nullopt;
  }
  if (rest.size() - frame_header_size < size) return std::nullopt;
  begin_ += frame_header_size + size;
  return rest.substr(frame_header_size, size);
}

}  // namespace gyre::rm::local
