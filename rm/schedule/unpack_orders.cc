#include <algorithm>
#include <optional>
#include <span>

#include "rm/schedule/action.hh"
#include "rm/schedule/constraints.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

enum class OrderKind { mandatory, optional, serialize };
enum class Symmetry { none, forward, inverse };

OrderKind read_kind(pugi::xml_node xml, OrderKind otherwise) {
  const auto kind = attribute(xml, "kind");
  if (equal_ignoring_case(kind, "Mandatory")) return OrderKind::mandatory;
  if (equal_ignoring_case(kind, "Optional")) return OrderKind::optional;
  if (equal_ignoring_case(kind, "Serialize")) return OrderKind::serialize;
  const auto score = parse_score(attribute(xml, "score"));
  if (score && kind.empty()) return *score > Score() ? OrderKind::mandatory : OrderKind::optional;
  return otherwise;
}

bool read_symmetry(pugi::xml_node xml, OrderKind kind, bool otherwise) {
  return kind != OrderKind::serialize &&
         parse_boolean(attribute(xml, "symmetrical")).value_or(otherwise);
}

std::uint32_t flags_of(OrderKind kind, std::string_view first_task, Symmetry symmetry) {
  if (kind == OrderKind::optional) return Order::optional;
  if (kind == OrderKind::serialize) return Order::serialize_only;
  if (symmetry == Symmetry::none) return Order::asymmetric;
  if (symmetry == Symmetry::inverse) return Order::then_implies_first;
  const bool brings_up = first_task == "start" || first_task == "promote";
  return Order::first_implies_then | (brings_up ? Order::runnable_left : Order::none);
}

std::string_view inverted(std::string_view task) {
  if (task == "start") return "stop";
  if (task == "stop") return "start";
  if (task == "promote") return "demote";
  if (task == "demote") return "promote";
  return task;
}

// So many of a clone's instances are enough.
void order_after_some(Cluster& cluster, std::string_view id, Resource& clone,
                      std::string_view first_task, Resource& then, std::string_view then_task,
                      std::uint32_t flags, int enough) {
  Action& met = pseudo_action(cluster, "clone-one-or-more:" + std::string(id), nullptr);
  met.needs_any = true;
  met.required_runnable_before = enough;
  for (Resource* child : clone.children)
    cluster.orderings.push_back({.first = child,
                                 .first_task = first_task,
                                 .then_action = &met,
                                 .flags = Order::one_or_more | Order::first_implies_then_printed});
  cluster.orderings.push_back({.first_action = &met,
                               .then = &then,
                               .then_task = then_task,
                               .flags = flags | Order::runnable_left});
}

struct Set {
  std::string_view id, action = {};
  std::vector<Resource*> members = {};
  bool sequential = true, require_all = true;
};

Set read_set(Cluster& cluster, pugi::xml_node xml) {
  Set set{.id = attribute(xml, "id"), .action = attribute(xml, "action")};
  if (set.action.empty()) set.action = "start";
  set.members = resources_of_set(cluster, xml);
  set.sequential = parse_boolean(attribute(xml, "sequential")).value_or(true);
  set.require_all = parse_boolean(attribute(xml, "require-all")).value_or(true);
  return set;
}

void order_within(Cluster& cluster, const Set& set, OrderKind kind, bool symmetric) {
  const auto forward = flags_of(kind, set.action, symmetric ? Symmetry::forward : Symmetry::none);
  const auto back = inverted(set.action);
  const auto& members = set.members;
  for (std::size_t i = 0; i + 1 < members.size(); ++i) {
    if (kind == OrderKind::serialize) {
      for (std::size_t j = i + 1; j < members.size(); ++j)
        add_ordering(cluster, members[i], set.action, members[j], set.action, forward);
    } else if (set.sequential) {
      add_ordering(cluster, members[i], set.action, members[i + 1], set.action, forward);
      if (symmetric)
        add_ordering(cluster, members[i + 1], back, members[i], back,
                     flags_of(kind, back, Symmetry::inverse));
    }
  }
}

void order_after_any(Cluster& cluster, const Set& first, const Set& then, std::uint32_t flags) {
  Action& any = pseudo_action(cluster, "one-or-more:" + std::string(first.id), nullptr);
  any.needs_any = true;
  for (Resource* resource : first.members)
    cluster.orderings.push_back({.first = resource,
                                 .first_task = first.action,
                                 .then_action = &any,
                                 .flags = Order::one_or_more | Order::first_implies_then_printed});
  for (Resource* resource : then.members)
    cluster.orderings.push_back({.first_action = &any,
                                 .then = resource,
                                 .then_task = then.action,
                                 .flags = flags | Order::runnable_left});
}

void order_sets(Cluster& cluster, const Set& first, const Set& then, OrderKind kind,
                Symmetry symmetry) {
  const bool inverse = symmetry == Symmetry::inverse;
  const auto first_task = inverse ? inverted(first.action) : first.action;
  const auto then_task = inverse ? inverted(then.action) : then.action;
  const auto flags = flags_of(kind, first_task, symmetry);
  if (!first.require_all && !inverse) return order_after_any(cluster, first, then, flags);
  const auto end = [](const Set& set, bool last) -> std::span<Resource* const> {
    if (!set.sequential || set.members.empty()) return set.members;
    return last ? std::span(set.members).last(1) : std::span(set.members).first(1);
  };
  for (Resource* a : end(first, !inverse))
    for (Resource* b : end(then, inverse))
      add_ordering(cluster, a, first_task, b, then_task, flags);
}

void read_sets(Cluster& cluster, pugi::xml_node xml, OrderKind kind, bool symmetric) {
  std::optional<Set> last;
  for (auto child : xml.children("resource_set")) {
    child = cluster.ids->resolve(child);
    Set set = read_set(cluster, child);
    const OrderKind own = read_kind(child, kind);
    order_within(cluster, set, own, read_symmetry(child, own, symmetric));
    if (last) {
      order_sets(cluster, *last, set, kind, symmetric ? Symmetry::forward : Symmetry::none);
      if (symmetric && last->require_all) order_sets(cluster, set, *last, kind, Symmetry::inverse);
    }
    last = std::move(set);
  }
}

void read_pair(Cluster& cluster, pugi::xml_node xml, Resource& first, Resource& then,
               OrderKind kind, bool symmetric) {
  auto first_task = attribute(xml, "first-action");
  if (first_task.empty()) first_task = "start";
  auto then_task = attribute(xml, "then-action");
  if (then_task.empty()) then_task = first_task;
  auto flags = flags_of(kind, first_task, symmetric ? Symmetry::forward : Symmetry::none);
  // An old spelling: what is optional otherwise binds this one.
  const bool strict = kind == OrderKind::optional && then.meta.find("restart-type") == "restart";
  if (strict) flags |= Order::first_implies_then;
  int enough = 0;
  if (first.is(Kind::clone)) {
    enough = first.clone_min;
    if (enough == 0 && !parse_boolean(attribute(xml, "require-all")).value_or(true)) enough = 1;
  }
  if (enough > 0)
    order_after_some(cluster, attribute(xml, "id"), first, first_task, then, then_task, flags,
                     enough);
  else
    add_ordering(cluster, &first, first_task, &then, then_task, flags);
  if (!symmetric) return;
  const auto back = inverted(then_task);
  std::uint32_t back_flags = flags_of(kind, back, Symmetry::inverse);
  if (strict) back_flags |= Order::then_implies_first;
  add_ordering(cluster, &then, back, &first, inverted(first_task), back_flags);
}

}  // namespace

void add_ordering(Cluster& cluster, Resource* first, std::string_view first_task, Resource* then,
                  std::string_view then_task, std::uint32_t flags) {
  cluster.orderings.push_back({.first = first,
                               .first_task = first_task,
                               .then = then,
                               .then_task = then_task,
                               .flags = flags});
}

void read_order(Cluster& cluster, pugi::xml_node xml) {
  const OrderKind kind = read_kind(xml, OrderKind::mandatory);
  const bool symmetric = read_symmetry(xml, kind, true);
  if (xml.child("resource_set")) return read_sets(cluster, xml, kind, symmetric);
  for (Resource* first : resources_named(cluster, attribute(xml, "first")))
    for (Resource* then : resources_named(cluster, attribute(xml, "then")))
      if (first != then) read_pair(cluster, xml, *first, *then, kind, symmetric);
}

}  // namespace gyre::rm::schedule
