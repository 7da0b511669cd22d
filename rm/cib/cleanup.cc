#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "rm/cib/kinds.hh"
#include "rm/cib/requests.hh"

namespace gyre::rm {

namespace {

// "d" of "d:0"; any other is itself.
std::string_view without_instance(std::string_view id) {
  const auto colon = id.rfind(':');
  if (colon == id.npos || colon + 1 == id.size()) return id;
  const auto digits = id.substr(colon + 1);
  return digits.find_first_not_of("0123456789") == digits.npos ? id.substr(0, colon) : id;
}

pugi::xml_node find_resource(pugi::xml_node resources, std::string_view id) {
  constexpr std::string_view kinds[] = {"primitive", "group", "clone", "master", "bundle"};
  return resources.find_node([&](pugi::xml_node node) {
    return node.attribute("id").value() == id && std::ranges::count(kinds, node.name()) > 0;
  });
}

// The names under which operations of a resource may be recorded, and failures counted.
class Names {
 public:
  Names(const Document& document, std::string_view resource) : wanted_(resource) {
    const auto resources = document.configuration().child("resources");
    const auto add_primitives = [&](pugi::xml_node from) {
      const auto add = [&](pugi::xml_node node) {
        if (std::string_view(node.name()) == "primitive")
          primitives_.push_back(node.attribute("id").value());
        return false;
      };
      add(from);
      from.find_node(add);
    };
    if (const auto found = find_resource(resources, resource)) add_primitives(found);
  }

  bool contain(std::string_view recorded) const {
    if (wanted_.empty() || recorded == wanted_) return true;
    if (std::ranges::count(primitives_, without_instance(recorded)) > 0) return true;
    // Instances of an anonymous clone have one name.
    return primitives_.empty() && recorded == without_instance(wanted_);
  }

 private:
  std::string_view wanted_;
  std::vector<std::string_view> primitives_;
};

// What the third part of its transition key says; nothing: it says nothing.
std::optional<std::int64_t> expected(pugi::xml_node record) {
  std::string_view key = record.attribute("transition-key").value();
  for (int i = 0; i < 2; ++i) key.remove_prefix(std::min(key.find(':'), key.size() - 1) + 1);
  return read_number(key.substr(0, key.find(':')));
}

bool failed(pugi::xml_node record) {
  constexpr int pending = -1, done = 0, cancelled = 1, error = 4, invalid = 9;
  constexpr int running[] = {0, 8, 190, 191}, degraded[] = {190, 191};
  const int status = record.attribute("op-status").as_int();
  const int rc = record.attribute("rc-code").as_int();
  const std::string_view task = record.attribute("operation").value();
  if (status == pending || status == cancelled || status == invalid || task == "notify")
    return false;
  if (status != done && status != error) return true;
  if (rc == expected(record).value_or(0)) return false;
  if (task != "monitor" || record.attribute("interval").as_llong() != 0)
    return std::ranges::count(degraded, rc) == 0;
  // A probe finds what it finds.
  return rc != 7 && std::ranges::count(running, rc) == 0;
}

bool is_moving(pugi::xml_node resource) {
  return std::ranges::any_of(resource.children("lrm_rsc_op"), [](pugi::xml_node record) {
    return record.attribute("op-status").as_int() == -1 &&
           std::string_view(record.attribute("operation").value()).starts_with("migrate_");
  });
}

class Forgetting {
 public:
  Forgetting(const Document& document, const Cleanup& what)
      : what_(what), names_(document, what.resource) {
    for (auto state : document.status().children("node_state"))
      for (auto resource : state.child("lrm").child("lrm_resources").children())
        if (is_moving(resource)) moving_.emplace_back(resource.attribute("id").value());
  }

  // Was there anything?
  bool at(pugi::xml_node state);

 private:
  bool operation_is_meant(std::string_view task, std::int64_t interval_ms) const {
    return what_.operation.empty() ||
           (what_.operation == task && what_.interval_ms.value_or(interval_ms) == interval_ms);
  }
  // Whose failure an attribute counts, or when that was; empty: none of those that are meant.
  std::string_view counted(std::string_view attribute) const;
  bool has_failed(pugi::xml_node resource) const {
    return std::ranges::any_of(resource.children("lrm_rsc_op"), [&](pugi::xml_node record) {
      return failed(record) && operation_is_meant(record.attribute("operation").value(),
                                                  record.attribute("interval").as_llong());
    });
  }
  bool is_counted(std::string_view recorded) const {
    return std::ranges::any_of(failures_, [&](std::string_view of) {
      return of == recorded || without_instance(of) == without_instance(recorded);
    });
  }

  const Cleanup& what_;
  Names names_;
  std::vector<std::string> failures_;  // resources for which some are counted
  std::vector<std::string> moving_;    // resources that are on their way to another node
};

std::string_view Forgetting::counted(std::string_view attribute) const {
  for (const std::string_view prefix : {"fail-count-", "last-failure-"}) {
    if (!attribute.starts_with(prefix)) continue;
    const auto rest = attribute.substr(prefix.size());
    const auto hash = rest.rfind('#');
    const auto resource = rest.substr(0, hash);
    if (!names_.contain(resource)) return {};
    const auto operation = hash == rest.npos ? "" : rest.substr(hash + 1);
    const auto mark = operation.rfind('_');
    const auto interval = mark == operation.npos ? "" : operation.substr(mark + 1);
    return operation_is_meant(operation.substr(0, mark), read_number(interval).value_or(0))
               ? resource
               : std::string_view();
  }
  return {};
}

bool Forgetting::at(pugi::xml_node state) {
  failures_.clear();
  bool any = false;
  for (auto set : state.child("transient_attributes").children("instance_attributes"))
    for (auto pair = set.child("nvpair"); pair;) {
      auto next = pair.next_sibling("nvpair");
      if (const auto of = counted(pair.attribute("name").value()); !of.empty()) {
        failures_.emplace_back(of);
        any |= set.remove_child(pair);
      }
      pair = next;
    }
  auto records = state.child("lrm").child("lrm_resources");
  for (auto resource = records.child("lrm_resource"); resource;) {
    auto next = resource.next_sibling("lrm_resource");
    const std::string_view id = resource.attribute("id").value();
    // Where it will be once it has moved nobody could find out now.
    const bool moves = std::ranges::count(moving_, id) > 0;
    if (!moves && names_.contain(id) &&
        (!what_.failures_only || is_counted(id) || has_failed(resource)))
      any |= records.remove_child(resource);
    resource = next;
  }
  return any;
}

}  // namespace

std::optional<std::string> apply(Document& document, const Cleanup& what) {
  if (!what.node.empty() && id_of_node(document, what.node).empty())
    return fmt::format("there is no node {}", what.node);
  Forgetting forgetting(document, what);
  bool any = false;
  for (auto state : document.status().children("node_state"))
    if (what.node.empty() || state.attribute("uname").value() == what.node)
      any |= forgetting.at(state);
  if (any) raise_updates(document);
  return std::nullopt;
}

}  // namespace gyre::rm
