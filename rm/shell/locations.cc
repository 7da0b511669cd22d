#include "rm/shell/locations.hh"

#include <fmt/format.h>

#include <ctime>

#include "rm/configure/mistake.hh"
#include "rm/schedule/plan.hh"

namespace gyre::rm::shell {

namespace {

// As Pacemaker says them: the last instance first.
void add(std::vector<Locations::Place>& places, const schedule::Resource& resource) {
  if (resource.is(schedule::Kind::clone))
    for (const auto* const instance : resource.children) add(places, *instance);
  else
    for (const auto* const node : resource.running_on)
      places.insert(places.begin(), {node->name, resource.role == schedule::Role::promoted});
}

}  // namespace

Locations::Locations(const Document& document) {
  schedule::unpack(unpacked_, {document.cib(), std::time(nullptr)});
}

std::vector<Locations::Place> Locations::of(const std::string& id) const {
  std::vector<Place> places;
  bool any = false;
  for (const auto& resource : unpacked_.resources) {
    if (id != resource.xml.attribute("id").value()) continue;
    any = true;
    add(places, resource);
  }
  if (!any) throw configure::Mistake(0, fmt::format("Resource not found: {}", id));
  return places;
}

}  // namespace gyre::rm::shell
