#include "rm/cib/attributes.hh"

#include <algorithm>

namespace gyre::rm {

namespace {

auto place_of(auto& entries, std::string_view name) noexcept {
  return std::ranges::lower_bound(entries, name, {}, &Attributes::Entry::name);
}

}  // namespace

std::optional<std::string_view> Attributes::find(std::string_view name) const noexcept {
  const auto place = place_of(entries_, name);
  if (place == entries_.end() || place->name != name) return std::nullopt;
  return place->value;
}

std::span<const Attributes::Entry> Attributes::beginning_with(
    std::string_view beginning) const noexcept {
  const auto from = place_of(entries_, beginning);
  const auto to = std::ranges::partition_point(
      from, entries_.end(), [&](const Entry& entry) { return entry.name.starts_with(beginning); });
  return {from, to};
}

void Attributes::set(std::string_view name, std::string_view value) {
  const auto place = place_of(entries_, name);
  if (place != entries_.end() && place->name == name)
    place->value = value;
  else
    entries_.insert(place, {name, value});
}

bool Attributes::add(std::string_view name, std::string_view value) {
  const auto place = place_of(entries_, name);
  if (place != entries_.end() && place->name == name) return false;
  entries_.insert(place, {name, value});
  return true;
}

void Attributes::erase(std::string_view name) noexcept {
  const auto place = place_of(entries_, name);
  if (place != entries_.end() && place->name == name) entries_.erase(place);
}

}  // namespace gyre::rm
