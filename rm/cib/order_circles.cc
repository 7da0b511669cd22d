#include "rm/cib/order_circles.hh"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>

#include "rm/cib/kinds.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

constexpr std::size_t circle_shown_max = 16;

bool is(pugi::xml_node node, const char* attribute, std::string_view value) {
  return value == node.attribute(attribute).value();
}

// Which resource waits for which; a set may be gone through a point of its own that is none.
class Order {
 public:
  void read(const Document& document) {
    for (const auto constraint :
         document.configuration().child("constraints").children("rsc_order"))
      if (is_mandatory_start(constraint)) constraint_edges(constraint);
    for (const auto top : document.configuration().child("resources"))
      for (const auto group : {top, top.child("group")})
        if (std::string_view(group.name()) == "group" && !meta_is_false(group, "ordered"))
          chain(group, group.children("primitive"));
  }
  std::vector<OrderCircle> circles();

 private:
  struct Edge {
    std::size_t to;
    pugi::xml_node by;
  };
  struct Point {
    std::string_view name;  // empty: none that has one
    std::vector<Edge> next;
    std::vector<std::size_t> before;
    std::size_t open = 0;  // of `next`, those that may be in a circle
    bool gone = false;     // it leads into no circle
    std::size_t walk = 0;  // which came by first; 0: none
  };

  static bool meta_is_false(pugi::xml_node resource, std::string_view name) {
    for (const auto set : resource.children("meta_attributes"))
      for (const auto nvpair : set.children("nvpair"))
        if (name == nvpair.attribute("name").value())
          return !parse_boolean(nvpair.attribute("value").value()).value_or(true);
    return false;
  }
  static bool is_mandatory_start(pugi::xml_node constraint) {
    const auto starts = [](pugi::xml_node node, const char* action) {
      return !node.attribute(action) || is(node, action, "start");
    };
    const auto score = constraint.attribute("score");
    const bool mandatory = constraint.attribute("kind")
                               ? is(constraint, "kind", "Mandatory")
                               : !score || parse_score(score.value()).value_or(Score()) > Score();
    if (!mandatory || !starts(constraint, "first-action") || !starts(constraint, "then-action"))
      return false;
    for (const auto set : constraint.children("resource_set"))
      if (!starts(set, "action") || set.attribute("id-ref") || is(set, "require-all", "false"))
        return false;
    return true;
  }

  std::size_t point(std::string_view name) {
    const auto [found, is_new] = by_name_.emplace(name, points_.size());
    if (is_new) points_.push_back({name, {}, {}});
    return found->second;
  }
  std::size_t nameless() {
    points_.push_back({});
    return points_.size() - 1;
  }
  void edge(std::string_view from, std::string_view to, pugi::xml_node by) {
    const std::size_t first = point(from);
    edge(first, point(to), by);
  }
  void edge(std::size_t from, std::size_t to, pugi::xml_node by) {
    points_[from].next.push_back({to, by});
    points_[to].before.push_back(from);
  }

  void constraint_edges(pugi::xml_node constraint) {
    const std::string_view first = constraint.attribute("first").value(),
                           then = constraint.attribute("then").value();
    if (!first.empty() && first != then) edge(first, then, constraint);
    std::size_t gate = nameless();
    for (const auto set : constraint.children("resource_set")) {
      const std::size_t next_gate = nameless();
      for (const auto reference : set.children("resource_ref")) {
        const std::size_t member = point(reference.attribute("id").value());
        edge(gate, member, constraint);
        edge(member, next_gate, constraint);
      }
      if (!is(set, "sequential", "false")) chain(constraint, set.children("resource_ref"));
      gate = next_gate;
    }
  }
  template <class Range>
  void chain(pugi::xml_node by, const Range& members) {
    pugi::xml_node last;
    for (const auto member : members) {
      if (last) edge(last.attribute("id").value(), member.attribute("id").value(), by);
      last = member;
    }
  }

  void drop_what_leads_nowhere();
  OrderCircle circle_from(std::size_t) const;
  const Edge& way_on(std::size_t from) const {
    const Point& point = points_[from];
    std::size_t i = 0;
    while (points_[point.next[i].to].gone) ++i;
    return point.next[i];
  }

  std::vector<Point> points_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
};

void Order::drop_what_leads_nowhere() {
  std::vector<std::size_t> gone;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    points_[i].open = points_[i].next.size();
    if (points_[i].open == 0) gone.push_back(i);
  }
  while (!gone.empty()) {
    Point& point = points_[gone.back()];
    gone.pop_back();
    point.gone = true;
    for (const std::size_t before : point.before)
      if (--points_[before].open == 0) gone.push_back(before);
  }
}

// What is left leads into a circle, whichever way is taken: so one way is enough, and no point is
// passed twice but to close a circle.
std::vector<OrderCircle> Order::circles() {
  drop_what_leads_nowhere();
  std::vector<OrderCircle> found;
  for (std::size_t begin = 0; begin < points_.size(); ++begin) {
    std::size_t at = begin;
    while (!points_[at].gone && points_[at].walk == 0) {
      points_[at].walk = begin + 1;
      at = way_on(at).to;
    }
    if (!points_[at].gone && points_[at].walk == begin + 1) found.push_back(circle_from(at));
    for (at = begin; !points_[at].gone && points_[at].walk == begin + 1; at = way_on(at).to)
      points_[at].walk = points_.size() + 1;
  }
  return found;
}

OrderCircle Order::circle_from(std::size_t begin) const {
  OrderCircle circle;
  std::size_t at = begin, shown_ones = 0;
  do {
    const Edge& edge = way_on(at);
    if (!points_[at].name.empty() && ++shown_ones <= circle_shown_max)
      circle.text += fmt::format("{} ({} {}), ", shown(points_[at].name), edge.by.name(),
                                 shown(edge.by.attribute("id").value()));
    if (!circle.constraint || std::string_view(edge.by.name()) == "rsc_order")
      circle.constraint = edge.by;
    at = edge.to;
  } while (at != begin);
  circle.text += shown_ones > circle_shown_max ? "..." : "and again";
  return circle;
}

}  // namespace

std::vector<OrderCircle> find_order_circles(const Document& document) {
  Order order;
  order.read(document);
  return order.circles();
}

}  // namespace gyre::rm
