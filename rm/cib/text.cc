#include "rm/cib/text.hh"

#include <cstring>
#include <new>
#include <pugixml.hpp>

namespace gyre::rm {

void Text::GiveBack::operator()(char* bytes) const noexcept {
  pugi::get_memory_deallocation_function()(bytes);
}

Text::Text(std::string_view text) {
  resize(text.size());
  if (!text.empty()) std::memcpy(data(), text.data(), text.size());
}

void Text::resize(std::size_t size) {
  if (size > room_) {
    auto* const wider = static_cast<char*>(pugi::get_memory_allocation_function()(size));
    if (wider == nullptr) throw std::bad_alloc();
    if (size_ > 0) std::memcpy(wider, data(), size_);
    bytes_.reset(wider);
    room_ = size;
  }
  size_ = size;
}

}  // namespace gyre::rm
