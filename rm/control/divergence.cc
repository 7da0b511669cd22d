#include "rm/control/divergence.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "rm/cib/values.hh"

namespace gyre::rm::control {

namespace {

constexpr std::size_t shown_max = 200;  // bytes of a value

// In one line, whatever stands in it.
std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value.substr(0, shown_max))
    if (const auto byte = static_cast<unsigned char>(c); byte < ' ' || byte == 0x7f || c == '"')
      text += fmt::format("\\x{:02x}", byte);
    else
      text += c;
  return text + (value.size() > shown_max ? "…\"" : "\"");
}

std::string shown(pugi::xml_attribute attribute) {
  return attribute ? quoted(attribute.value()) : "none";
}

// As a step of a path.
std::string step(pugi::xml_node element) {
  for (const char* key : {"id", "uname"})
    if (const auto value = element.attribute(key))
      return fmt::format("{}[@{}={}]", element.name(), key, quoted(value.value()));
  std::size_t before = 0, all = 0;
  for (pugi::xml_node each : element.parent().children(element.name())) {
    ++all;
    if (each == element) before = all;
  }
  return all > 1 ? fmt::format("{}[{}]", element.name(), before) : element.name();
}

// Whether they should be the same element at all.
bool are_one(pugi::xml_node a, pugi::xml_node b) {
  const auto same = [&](const char* key) {
    return std::string_view(a.attribute(key).value()) == b.attribute(key).value();
  };
  return a.type() == b.type() && std::string_view(a.name()) == b.name() && same("id") &&
         same("uname");
}

// What follows is behind the path of the element.

std::string attribute_difference(pugi::xml_node here, pugi::xml_node there, pugi::xml_attribute a,
                                 pugi::xml_attribute b) {
  const std::string name = a ? a.name() : b.name();
  // Of a pair its name says what the value is.
  const auto hides = [&](pugi::xml_node element) {
    const auto of = element.attribute("name");
    return names_secret(name == "value" && of ? of.value() : name);
  };
  if (hides(here) || hides(there)) return fmt::format("/@{}: a secret that differs", name);
  return fmt::format("/@{}: {} here, {} there", name, shown(a), shown(b));
}

std::optional<std::string> of_attributes(pugi::xml_node here, pugi::xml_node there) {
  for (pugi::xml_attribute a : here.attributes())
    if (const auto b = there.attribute(a.name()); !b || std::string_view(a.value()) != b.value())
      return attribute_difference(here, there, a, b);
  for (pugi::xml_attribute b : there.attributes())
    if (!here.attribute(b.name())) return attribute_difference(here, there, {}, b);
  const auto same_name = [](pugi::xml_attribute a, pugi::xml_attribute b) {
    return std::string_view(a.name()) == b.name();
  };
  if (std::ranges::equal(here.attributes(), there.attributes(), same_name)) return std::nullopt;
  return ": its attributes are in another order";
}

std::optional<std::string> of_elements(pugi::xml_node here, pugi::xml_node there);

std::optional<std::string> of_children(pugi::xml_node here, pugi::xml_node there) {
  pugi::xml_node a = here.first_child(), b = there.first_child();
  for (; a && b; a = a.next_sibling(), b = b.next_sibling()) {
    if (!are_one(a, b)) return fmt::format(": {} here, {} there", step(a), step(b));
    if (std::string_view(a.value()) != b.value()) return ": its text differs";
    if (const auto found = of_elements(a, b)) return '/' + step(a) + *found;
  }
  if (!a && !b) return std::nullopt;
  return fmt::format(": {} {} only", step(a ? a : b), a ? "here" : "there");
}

std::optional<std::string> of_elements(pugi::xml_node here, pugi::xml_node there) {
  if (auto found = of_attributes(here, there)) return found;
  return of_children(here, there);
}

}  // namespace

std::optional<std::string> first_difference(pugi::xml_node here, pugi::xml_node there) {
  auto found = of_children(here, there);
  if (!found) found = of_attributes(here, there);
  if (!found) return std::nullopt;
  return '/' + step(here) + *found;
}

}  // namespace gyre::rm::control
