#include "node/cmap.hh"

#include <algorithm>
#include <utility>

namespace gyre::node {
namespace {

bool is_key_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-/:").find(c) != std::string_view::npos;
}

std::size_t size_of(const CmapValue& value) noexcept {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* bytes = std::get_if<CmapBytes>(&value)) return bytes->bytes.size();
  return sizeof(std::uint64_t);
}

bool is_fitting(const CmapValue& value) noexcept {
  const auto* bytes = std::get_if<CmapBytes>(&value);
  return size_of(value) <= cmap_value_max && !(bytes && bytes->bytes.empty());
}

CmapStatus check(std::string_view key, const CmapValue& value) noexcept {
  if (!valid_cmap_key(key)) return CmapStatus::bad_key;
  return is_fitting(value) ? CmapStatus::ok : CmapStatus::bad_value;
}

}  // namespace

bool valid_cmap_key(std::string_view key) noexcept {
  return key.size() >= cmap_key_min && key.size() <= cmap_key_max &&
         std::all_of(key.begin(), key.end(), is_key_character);
}

CmapStatus Cmap::set(std::string_view key, CmapValue value) {
  const CmapStatus status = check(key, value);
  if (status != CmapStatus::ok) return status;
  if (!has_room(key, value)) return CmapStatus::full;
  store(key, std::move(value));
  return CmapStatus::ok;
}

CmapStatus Cmap::put(std::string_view key, CmapValue value) {
  const CmapStatus status = check(key, value);
  if (status == CmapStatus::ok) store(key, std::move(value));
  return status;
}

// A shorter value has room always.
bool Cmap::has_room(std::string_view key, const CmapValue& value) const {
  const auto found = values_.find(key);
  if (found == values_.end())
    return values_.size() < limits_.keys && bytes_ + key.size() + size_of(value) <= limits_.bytes;
  const std::size_t before = size_of(found->second), after = size_of(value);
  return after <= before || bytes_ - before + after <= limits_.bytes;
}

void Cmap::store(std::string_view key, CmapValue value) {
  const auto found = values_.find(key);
  if (found == values_.end()) {
    bytes_ += key.size() + size_of(value);
    const auto added = values_.emplace(key, std::move(value)).first;
    return tell({added->first, nullptr, &added->second});
  }
  if (found->second == value) return;
  bytes_ = bytes_ - size_of(found->second) + size_of(value);
  const CmapValue old = std::exchange(found->second, std::move(value));
  tell({found->first, &old, &found->second});
}

CmapStatus Cmap::remove(std::string_view key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return CmapStatus::missing;
  const auto gone = values_.extract(found);
  bytes_ -= gone.key().size() + size_of(gone.mapped());
  tell({gone.key(), &gone.mapped(), nullptr});
  return CmapStatus::ok;
}

const CmapValue* Cmap::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::shared_ptr<void> Cmap::track(std::string key, bool prefix, Tracker tracker) {
  const auto at =
      trackings_->insert(trackings_->end(), Tracking{std::move(key), prefix, std::move(tracker)});
  // The map may be gone by then.
  return {nullptr, [at, all = std::weak_ptr(trackings_)](void*) {
            if (const auto trackings = all.lock()) trackings->erase(at);
          }};
}

void Cmap::tell(const Change& change) const {
  for (const Tracking& tracking : *trackings_)
    if (tracking.prefix ? change.key.starts_with(tracking.key) : change.key == tracking.key)
      tracking.tracker(change);
}

}  // namespace gyre::node
